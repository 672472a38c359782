"""Generations: whole, checked, read-only, and flipped in one step."""

from __future__ import annotations

import stat
from datetime import date

import duckdb
import pytest

from cdp_assets.publishing import generations, recovery
from cdp_assets.publishing.commit import publish_run
from cdp_assets.publishing.fingerprint import fingerprint
from cdp_assets.publishing.gates import NotPublished
from cdp_assets.publishing.run_record import RunRecord
from cdp_assets.settings import Settings
from cdp_assets.state import connect_state

DAY = date(2017, 12, 31)


def build_warehouse(settings: Settings, *amounts: int) -> None:
    settings.warehouse_path.unlink(missing_ok=True)
    con = duckdb.connect(str(settings.warehouse_path))
    con.execute("create schema marts; create schema contact")
    con.execute("create table marts.orders as select unnest(?)::integer as amount", [list(amounts)])
    con.execute("comment on column marts.orders.amount is 'in dollars'")
    con.execute("create view contact.customers_contact as select 'x' as email")
    con.close()


def open_current(settings: Settings) -> duckdb.DuckDBPyConnection:
    """As the pages do: by the path behind the link, so that a new generation is a new file to this process."""
    con = duckdb.connect()
    con.execute(f"attach '{(settings.published_dir / 'current.duckdb').resolve()}' as published (read_only)")
    con.execute("use published")
    return con


def read(settings: Settings, query: str = "select sum(amount) from marts.orders") -> object:
    con = open_current(settings)
    try:
        row = con.execute(query).fetchone()
        return row[0] if row else None
    finally:
        con.close()


def publish(settings: Settings, run_id: str, *amounts: int) -> str:
    build_warehouse(settings, *amounts)
    record = RunRecord(settings, run_id)
    record.asset("marts/orders")
    done = publish_run(
        settings, record, as_of_date=DAY, expected_assets={"marts/orders"}, expected_checks=set(), commits=[]
    )
    return done.name


def test_a_published_run_is_what_readers_open(settings: Settings) -> None:
    assert publish(settings, "one", 1, 2) == "g000001"
    assert read(settings) == 3
    assert publish(settings, "two", 5) == "g000002"
    assert read(settings) == 5
    comment = "select comment from duckdb_columns() where column_name = 'amount'"
    assert read(settings, comment) == "in dollars"


def test_files_are_read_only_and_the_contact_file_is_its_owner_s(settings: Settings) -> None:
    publish(settings, "one", 1)
    folder = settings.published_dir / "g000001"
    assert stat.S_IMODE((folder / "marts.duckdb").stat().st_mode) == 0o440
    assert stat.S_IMODE((folder / "contact.duckdb").stat().st_mode) == 0o400


def test_a_reader_keeps_the_generation_that_it_opened(settings: Settings) -> None:
    publish(settings, "one", 1)
    con = open_current(settings)
    publish(settings, "two", 2)
    assert con.execute("select sum(amount) from marts.orders").fetchone() == (1,)
    con.close()


def test_three_generations_stay(settings: Settings) -> None:
    for number in range(5):
        publish(settings, f"run {number}", number)
    assert sorted(path.name for path in settings.published_dir.glob("g*")) == [
        "g000003",
        "g000004",
        "g000005",
    ]


def test_a_missing_asset_or_a_failed_check_leaves_everything_as_it_was(settings: Settings) -> None:
    publish(settings, "one", 1)
    build_warehouse(settings, 9)
    record = RunRecord(settings, "two")
    record.check("marts/orders:unique", passed=False)
    with pytest.raises(NotPublished, match="1 not made: marts/orders") as caught:
        publish_run(
            settings,
            record,
            as_of_date=DAY,
            expected_assets={"marts/orders"},
            expected_checks={"marts/orders:unique", "marts/orders:not_null"},
            commits=[],
        )
    assert "did not run: marts/orders:not_null" in str(caught.value)
    assert "failed: marts/orders:unique" in str(caught.value)
    assert read(settings) == 1
    assert recovery.known_generations(settings) == ["g000001"]


def test_a_kill_between_commit_and_flip_is_finished_by_the_next_start(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(settings, "one", 1)
    monkeypatch.setattr(recovery, "finish", lambda *_: None)
    publish(settings, "two", 2)
    assert read(settings) == 1
    monkeypatch.undo()
    assert "g000002" in recovery.repair(settings)[0]
    assert read(settings) == 2
    assert recovery.repair(settings) == []


def test_a_kill_before_the_commit_is_forgotten_by_the_next_start(settings: Settings) -> None:
    publish(settings, "one", 1)
    build_warehouse(settings, 2)
    generations.write_generation(settings, "g000002")
    recovery.repair(settings)
    assert not (settings.published_dir / "g000002").exists()
    assert publish(settings, "three", 3) == "g000002"


def test_a_failed_commit_changes_neither_state_nor_the_link(settings: Settings) -> None:
    publish(settings, "one", 1)

    def fail(con: duckdb.DuckDBPyConnection) -> None:
        con.execute("insert into suppressions values ('phone', 'x', null)")
        raise OSError("disk full")

    build_warehouse(settings, 2)
    record = RunRecord(settings, "two")
    with pytest.raises(OSError):
        publish_run(
            settings, record, as_of_date=DAY, expected_assets=set(), expected_checks=set(), commits=[fail]
        )
    recovery.repair(settings)
    with connect_state(settings) as con:
        assert con.execute("select count(*) from suppressions").fetchone() == (0,)
    assert read(settings) == 1


def test_a_fingerprint_sees_a_duplicate_row_and_ignores_order() -> None:
    con = duckdb.connect()
    con.execute("create table a as select unnest([1, 2, 2, 2]) x; create table b as select unnest([2, 1]) x")
    con.execute("create table c as select unnest([2, 2, 1, 2]) x")
    prints = {name: fingerprint(con, "memory", "main", name) for name in "abc"}
    assert prints["a"] == prints["c"] != prints["b"]
