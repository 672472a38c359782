"""Generations: whole, checked, read-only, and flipped in one step."""

from __future__ import annotations

import stat

import duckdb
import pytest

from cdp_assets.publishing import generations, recovery
from cdp_assets.publishing.copies import PublishProblem
from cdp_assets.publishing.fingerprint import fingerprint
from cdp_assets.publishing.listing import list_generations
from cdp_assets.settings import Settings
from cdp_assets.state import connect_state
from tests.publishing.builds import (
    build,
    build_amounts,
    open_current,
    publish_amounts,
    publish_build,
    read_current,
)


def test_a_published_run_is_what_readers_open(settings: Settings) -> None:
    assert publish_amounts(settings, "one", 1, 2) == "g000001"
    assert read_current(settings) == 3
    assert publish_amounts(settings, "two", 5) == "g000002"
    assert read_current(settings) == 5
    comment = "select comment from duckdb_columns() where column_name = 'amount'"
    assert read_current(settings, comment) == "in dollars"


def test_files_are_read_only_and_the_owner_s_unless_the_group_may_read_the_masked_ones(
    settings: Settings,
) -> None:
    publish_amounts(settings, "one", 1)
    publish_amounts(settings.model_copy(update={"group_readable": True}), "two", 1)
    modes = {
        generation: [
            stat.S_IMODE((settings.published_dir / generation / name).stat().st_mode)
            for name in (".", "parquet", "marts.duckdb", "parquet/order_amounts.parquet", "contact.duckdb")
        ]
        for generation in ("g000001", "g000002")
    }
    assert modes == {
        "g000001": [0o700, 0o700, 0o400, 0o400, 0o400],
        "g000002": [0o750, 0o750, 0o440, 0o440, 0o400],
    }
    assert stat.S_IMODE(settings.home.stat().st_mode) == 0o710


def test_the_contact_file_holds_what_the_masked_file_and_the_parquet_copies_lack(settings: Settings) -> None:
    publish_amounts(settings, "one", 1)
    assert read_current(settings, "select email from in_clear.contact.customers_contact") == "x"
    folder = settings.published_dir / "g000001"
    assert [path.name for path in (folder / "parquet").iterdir()] == ["order_amounts.parquet"]
    tables = (
        "select count(*) from duckdb_tables() where database_name = 'published' and schema_name <> 'marts'"
    )
    assert read_current(settings, tables) == 0


def test_parquet_copies_hold_the_marts_to_the_last_digit(settings: Settings) -> None:
    build(
        settings,
        "create table marts.figures as select 9007199254740993::hugeint as big, 0.1::decimal(18, 2) as amount, "
        "timestamp '2017-01-01 12:00:00.123456' as seen_at, ['a', null] as words, null::date as day",
    )
    publish_build(settings, "one")
    path = settings.published_dir / "current" / "parquet" / "figures.parquet"
    row = duckdb.sql(
        f"select big::varchar, amount::varchar, seen_at::varchar, words, day from '{path}'"
    ).fetchall()[0]
    assert row == ("9007199254740993", "0.10", "2017-01-01 12:00:00.123456", ["a", None], None)


def test_a_column_that_keeps_values_which_left_is_refused(settings: Settings) -> None:
    build(settings, "create table marts.t as select 'a'::enum('a', 'forgotten') as x")
    with pytest.raises(PublishProblem, match=r"marts\.t has an ENUM column"):
        publish_build(settings, "one")
    assert generations.current_generation(settings) is None


def test_a_reader_keeps_the_generation_that_it_opened(settings: Settings) -> None:
    settings = settings.model_copy(update={"keep_generations": 1})
    publish_amounts(settings, "one", 1)
    con = open_current(settings)
    publish_amounts(settings, "two", 2)
    assert not (settings.published_dir / "g000001").exists()
    assert con.execute("select sum(amount) from marts.order_amounts").fetchall()[0] == (1,)
    con.close()
    assert read_current(settings) == 2


def test_three_generations_stay(settings: Settings) -> None:
    for number in range(4):
        publish_amounts(settings, f"run {number}", number)
    kept = sorted(path.name for path in settings.published_dir.glob("g*"))
    assert kept == ["g000002", "g000003", "g000004"]
    statuses = {each.generation: each.status for each in list_generations(settings)}
    assert statuses == {
        "g000001": "removed",
        "g000002": "superseded",
        "g000003": "superseded",
        "g000004": "current",
    }


def test_the_list_says_what_changed_beside_the_generation_before(settings: Settings) -> None:
    unchanged, customers = (
        "create table marts.dates as select 1 as day",
        "create table marts.customers as select range as id",
    )
    build(settings, unchanged, f"{customers} from range(2)")
    publish_build(settings, "one")
    build(settings, unchanged, f"{customers} from range(5)", "create table marts.added as select 1 as x")
    publish_build(settings, "two")
    second, first = list_generations(settings)
    assert (first.compared_with, first.customer_count, first.customers_added) == (None, 2, None)
    assert (second.compared_with, second.customer_count, second.customers_added) == ("g000001", 5, 3)
    assert (second.row_count, second.rows_added) == (7, 4)
    assert second.changed_tables == ["added", "customers"]


def test_a_failed_commit_changes_neither_state_nor_the_link(settings: Settings) -> None:
    publish_amounts(settings, "one", 1)

    def fail(con: duckdb.DuckDBPyConnection, _: str) -> None:
        con.execute("insert into suppressions values ('phone', 'x', null)")
        raise OSError("disk full")

    build_amounts(settings, 2)
    with pytest.raises(OSError):
        publish_build(settings, "two", commits=[fail])
    recovery.repair(settings)
    with connect_state(settings) as con:
        assert con.execute("select count(*) from suppressions").fetchall()[0] == (0,)
    assert recovery.known_generations(settings) == ["g000001"]
    assert read_current(settings) == 1


def test_a_home_whose_published_files_are_gone_publishes_anew(settings: Settings) -> None:
    publish_amounts(settings, "one", 1)
    (settings.published_dir / "g000001").rename(settings.home / "elsewhere")
    assert recovery.repair(settings) == [
        "the files of generation g000001 are gone: the next run publishes a new one"
    ]
    assert recovery.repair(settings) == []
    assert publish_amounts(settings, "two", 2) == "g000002"
    assert read_current(settings) == 2


def test_a_fingerprint_sees_a_duplicate_row_and_ignores_order() -> None:
    con = duckdb.connect()
    con.execute("create table a as select unnest([1, 2, 2, 2]) x; create table b as select unnest([2, 1]) x")
    con.execute("create table c as select unnest([2, 2, 1, 2]) x")
    prints = {name: fingerprint(con, "memory", "main", name) for name in "abc"}
    assert prints["a"] == prints["c"] != prints["b"]


def test_a_log_without_its_warehouse_goes(settings: Settings) -> None:
    """It would be applied to the next warehouse of that name."""
    log = settings.warehouse_path.with_name("warehouse.duckdb.wal")
    log.write_bytes(b"x")
    assert recovery.repair(settings) == ["warehouse.duckdb.wal belonged to a warehouse that is gone: removed"]
    assert not log.exists()
    build(settings)
    assert recovery.repair(settings) == []


def test_a_warehouse_that_cannot_be_opened_is_set_aside_with_its_log(settings: Settings) -> None:
    publish_amounts(settings, "one", 1)
    settings.warehouse_path.write_bytes(b"something else" * 1000)
    log, aside = (settings.home / f"warehouse{middle}.duckdb.wal" for middle in ("", ".damaged"))
    log.write_bytes(b"its log")
    (said,) = recovery.repair(settings)
    assert said.startswith("warehouse.duckdb cannot be opened: it is set aside as warehouse.damaged.duckdb")
    assert not settings.warehouse_path.exists() and not log.exists()
    assert aside.read_bytes() == b"its log"
    assert aside.with_suffix("").read_bytes().startswith(b"something else")
    assert publish_amounts(settings, "two", 2) == "g000002"


def test_files_of_a_generation_that_state_does_not_know_go(settings: Settings) -> None:
    publish_amounts(settings, "one", 1)
    (settings.published_dir / "g000007").mkdir()
    (settings.published_dir / ".writing-g000008").mkdir()
    assert recovery.repair(settings) == ["g000007 is in no committed generation: removed"]
    assert sorted(path.name for path in settings.published_dir.glob("*g0*")) == ["g000001"]
    assert read_current(settings) == 1
