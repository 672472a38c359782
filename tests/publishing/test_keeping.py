"""A generation keeps what is made of the same things, proves it by hash, and is written whole where that cannot be said."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from cdp_assets import warehouse_seal
from cdp_assets.publishing import keeping
from cdp_assets.publishing.copies import PublishProblem, verify_generations
from cdp_assets.publishing.damage import verify_files
from cdp_assets.publishing.fingerprint import fingerprint
from cdp_assets.settings import Settings
from cdp_assets.state import connect_state
from tests.publishing.builds import build, publish_build, read_current

LARGE = "create table marts.large as select range as a, 'x' || range % 7 as b from range(20000)"
VIEW = "create view marts.seen as select a from marts.large where a < {limit}"


def built(
    settings: Settings, small: int, *, large: str = LARGE, view_inputs: str = "i", limit: int = 10
) -> None:
    """A warehouse as a night leaves it: marts, what they are made of, and the seal."""
    build(
        settings,
        large,
        f"create table marts.small as select {small} as a",
        VIEW.format(limit=limit),
        "create view contact.customers_contact as select 1 as total, 'x' as email",
        "create schema build",
        "create table build.nodes (node varchar, inputs varchar, fingerprint varchar, row_count bigint)",
    )
    with duckdb.connect(str(settings.warehouse_path)) as con:
        for name in ("large", "small"):
            rows, found = fingerprint(con, settings.warehouse_path.stem, "marts", name)
            con.execute(
                "insert into build.nodes values (?, 'i', ?, ?)", [f"model.onefold.{name}", found, rows]
            )
        con.execute("insert into build.nodes values ('model.onefold.seen', $1, $1, null)", [view_inputs])
    warehouse_seal.begin(settings)


def folder(settings: Settings, generation: str) -> Path:
    return settings.published_dir / generation


def shares(settings: Settings, name: str, one: str = "g000001", other: str = "g000002") -> bool:
    """Whether two generations have the same Parquet file of a mart, not only an equal one."""
    paths = [folder(settings, each) / "parquet" / f"{name}.parquet" for each in (one, other)]
    return paths[0].samefile(paths[1])


def damage(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-100] ^= 1
    path.chmod(0o600)
    path.write_bytes(content)
    path.chmod(0o400)


def publish_twice(settings: Settings) -> None:
    """Two generations, of which the second has another content of the small mart alone."""
    built(settings, 1)
    publish_build(settings, "one")
    built(settings, 2)
    publish_build(settings, "two")


@pytest.fixture
def copied(monkeypatch: pytest.MonkeyPatch) -> list[bool]:
    """Whether each masked file that was begun as a copy was proved."""
    said: list[bool] = []
    real = keeping.copy_proved

    def spy(source: Path, target: Path, sha256: str | None) -> bool:
        said.append(real(source, target, sha256))
        return said[-1]

    monkeypatch.setattr("cdp_assets.publishing.copies.copy_proved", spy)
    return said


def test_what_did_not_change_is_kept_and_the_rest_replaced(settings: Settings, copied: list[bool]) -> None:
    publish_twice(settings)
    assert copied == [True]
    assert read_current(settings, "select a from marts.small") == 2
    assert read_current(settings, "select count(*) from marts.large") == 20000
    assert read_current(settings, "select count(*) from marts.seen") == 10
    assert [shares(settings, name) for name in ("large", "seen", "small")] == [True, True, False]
    assert verify_generations(settings) == verify_files(settings) == []


def test_a_view_is_kept_by_what_it_is_made_of(settings: Settings, copied: list[bool]) -> None:
    built(settings, 1)
    publish_build(settings, "one")
    built(settings, 1, view_inputs="others", limit=20)
    publish_build(settings, "two")
    assert copied == [True]
    assert read_current(settings, "select count(*) from marts.seen") == 20
    assert not shares(settings, "seen")


def test_a_mart_that_is_gone_is_gone(settings: Settings, copied: list[bool]) -> None:
    built(settings, 1)
    publish_build(settings, "one")
    built(settings, 1)
    with duckdb.connect(str(settings.warehouse_path)) as con:
        con.execute("drop table marts.small")
    warehouse_seal.begin(settings)
    with connect_state(settings) as con:  # the gate of shrinkage would ask
        con.execute("update generation_tables set made_of = 'other' where table_name = 'small'")
    publish_build(settings.model_copy(update={"accept_shrink": "all"}), "two")
    assert copied == [True]
    with pytest.raises(duckdb.CatalogException):
        read_current(settings, "select a from marts.small")


def whole_after(settings: Settings, verified: list[str] | None = None) -> None:
    """The second generation was written whole, and is right."""
    assert not shares(settings, "large")
    assert read_current(settings, "select count(*) from marts.large") == 20000
    wrong = [*verify_generations(settings), *verify_files(settings)]
    assert [each for each in wrong if verified is None or each.startswith(tuple(verified))] == []


def test_a_former_file_that_is_no_longer_what_was_published_is_not_copied(
    settings: Settings, copied: list[bool]
) -> None:
    built(settings, 1)
    publish_build(settings, "one")
    damage(folder(settings, "g000001") / "masked.duckdb")
    damage(folder(settings, "g000001") / "parquet" / "large.parquet")
    built(settings, 2)
    publish_build(settings, "two")
    assert copied == [False]
    assert shares(settings, "seen")
    whole_after(settings, verified=["g000002"])


def test_after_an_erasure_everything_is_written(settings: Settings, copied: list[bool]) -> None:
    built(settings, 1)
    publish_build(settings, "one")
    with connect_state(settings) as con:  # as publishing.forgetting enters what it wrote again
        con.execute("update generation_tables set made_of = null")
    built(settings, 2)
    publish_build(settings, "two")
    assert copied == []
    whole_after(settings)


def test_a_warehouse_that_may_have_been_tampered_with_is_published_whole(
    settings: Settings, copied: list[bool]
) -> None:
    built(settings, 1)
    publish_build(settings, "one")
    built(settings, 2)
    warehouse_seal.break_open(settings)
    publish_build(settings, "two")
    publish_build(settings, "three")
    assert copied == []
    whole_after(settings)


def test_few_rows_are_not_worth_a_copy(settings: Settings, copied: list[bool]) -> None:
    built(settings, 1)
    publish_build(settings, "one")
    built(
        settings,
        1,
        large="create table marts.large as select range + 1 as a from range(20000)",
        view_inputs="j",
    )
    publish_build(settings, "two")
    assert copied == []
    assert read_current(settings, "select min(a) from marts.large") == 1
    assert shares(settings, "small"), "its Parquet file is linked all the same"


def test_a_file_with_too_many_free_blocks_is_written_whole(
    settings: Settings, copied: list[bool], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(keeping, "MOST_FREE", -1)
    publish_twice(settings)
    assert copied == [True]
    assert read_current(settings, "select a from marts.small") == 2
    assert read_current(settings, "select count(*) from marts.large") == 20000
    assert verify_generations(settings) == []


def test_masked_cells_are_looked_for_in_what_is_kept_too(settings: Settings, copied: list[bool]) -> None:
    """A mart that did not change shows an identifier from the day on which somebody has it."""
    odd = LARGE.replace("'x' || range % 7", "case when range = 5 then 'a@b.example' else 'x' end")
    built(settings, 1, large=odd)
    publish_build(settings, "one")
    built(settings, 2, large=odd)
    publish_build(settings, "two")
    assert copied == [], "a mart with masked cells is written anew"
    assert read_current(settings, "select count(*) from marts.large where b = '[e-mail]'") == 1
    assert not shares(settings, "large")


def test_a_warehouse_that_says_something_untrue_of_a_mart_is_not_published(settings: Settings) -> None:
    built(settings, 1)
    with duckdb.connect(str(settings.warehouse_path)) as con:
        con.execute("update build.nodes set fingerprint = 'untrue' where ends_with(node, 'small')")
    warehouse_seal.begin(settings)
    with pytest.raises(PublishProblem, match=r"marts\.small reads differently"):
        publish_build(settings, "one")
