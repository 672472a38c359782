"""The limits of change, each at its edge: what reaches a limit passes, what goes beyond is named."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import duckdb
import pytest

from cdp_assets.identity.context import IdentityKnobs
from cdp_assets.identity.customers.blast_radius import BlastRadius, measure_blast_radius

KNOBS = IdentityKnobs()
CUSTOMERS = 200  # of one record each, as many as the gate asks for; each has a revenue of 10


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """A proposal that changes nothing: 200 customers of one record each, before and after."""
    con = duckdb.connect()
    con.execute(
        f"""
        attach ':memory:' as state;
        create schema identity;
        create table state.customer_id_history as
            select 'r' || i as record_key, 'c' || i as customer_id, null::bigint as to_generation from range({CUSTOMERS}) as t(i);
        insert into state.customer_id_history values ('r0', 'c-of-old', 1);
        create table state.identity_generations as select 1 as generation_number;
        create table identity.customer_ids as
            select record_key, customer_id, 'shop' as channel, record_key as source_customer_id
            from state.customer_id_history where to_generation is null;
        create table identity.customer_activity as
            select 'shop' as channel, record_key as source_customer_id, 10.0 as revenue from identity.customer_ids;
        create table identity.customer_id_changes (record_key varchar, old_customer_id varchar, new_customer_id varchar);
        create table identity.customer_id_events (event varchar, generation_number bigint);
        """
    )
    yield con
    con.close()


def move(con: duckdb.DuckDBPyConnection, record: int, to: str) -> None:
    """The record changes its customer."""
    con.execute("insert into identity.customer_id_changes values (?, ?, ?)", [f"r{record}", f"c{record}", to])
    con.execute("update identity.customer_ids set customer_id = ? where record_key = ?", [to, f"r{record}"])


def add_events(con: duckdb.DuckDBPyConnection, event: str, count: int, generation: int = 2) -> None:
    con.execute(
        "insert into identity.customer_id_events select ?, ? from range(?)", [event, generation, count]
    )


def broken(con: duckdb.DuckDBPyConnection, knobs: IdentityKnobs = KNOBS) -> list[str]:
    """Names of the limits that the proposal breaks."""
    return [line.partition(":")[0] for line in measure_blast_radius(con, knobs).limits_broken]


def test_nothing_that_changes_breaks_nothing_and_is_counted(con: duckdb.DuckDBPyConnection) -> None:
    assert measure_blast_radius(con, KNOBS) == BlastRadius(
        200, 200, 0, 0, 0, 0, 0, 0.0, 0.0, 0.0, 1, 1, 0.0, ()
    )


@pytest.mark.parametrize(("event", "name"), [("merged", "customers merged"), ("split", "customers split")])
def test_events_of_this_generation_count_up_to_their_limit(
    con: duckdb.DuckDBPyConnection, event: str, name: str
) -> None:
    add_events(con, event, 4)  # 2 %
    add_events(con, event, 100, generation=1)
    assert broken(con) == []
    add_events(con, event, 1)
    assert broken(con) == [name]
    radius = measure_blast_radius(con, KNOBS)
    assert radius.limits_broken == (f"{name}: 2.5% (limit 2%)",)
    assert not radius.is_within_limits
    assert getattr(radius, event) == 5


def test_created_and_retired_customers_are_counted_and_break_nothing(con: duckdb.DuckDBPyConnection) -> None:
    add_events(con, "created", 100)
    add_events(con, "retired", 50)
    radius = measure_blast_radius(con, KNOBS)
    assert (radius.created, radius.retired, radius.limits_broken) == (100, 50, ())


def test_moved_records_and_their_revenue_count_up_to_their_limits(con: duckdb.DuckDBPyConnection) -> None:
    for record in range(4):
        move(con, record, f"new{record}")
    radius = measure_blast_radius(con, KNOBS)
    assert (radius.records_moved, radius.records_moved_share, radius.revenue_moved) == (4, 0.02, 40)
    assert (radius.revenue_moved_share, radius.churn, radius.limits_broken) == (0.02, 0.02, ())
    move(con, 4, "new4")
    assert broken(con) == ["revenue moved"]
    for record in range(5, 10):
        move(con, record, f"new{record}")
    assert broken(con) == ["revenue moved"], "5 % of records is the limit itself"
    move(con, 10, "new10")
    assert broken(con) == ["records moved", "revenue moved", "customers changed"]


def test_a_customer_that_records_come_to_is_changed_too(con: duckdb.DuckDBPyConnection) -> None:
    for record in range(6):
        move(con, record, f"c{100 + record}")
    assert measure_blast_radius(con, KNOBS).churn == pytest.approx(0.06)
    assert "customers changed" in broken(con)


def test_new_records_are_no_change(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        "insert into identity.customer_id_changes select 'n' || i, null, 'x' || i from range(100) as t(i)"
    )
    con.execute(
        "insert into identity.customer_ids select 'n' || i, 'x' || i, 'shop', 'n' || i from range(100) as t(i)"
    )
    radius = measure_blast_radius(con, KNOBS)
    assert (radius.customers_after, radius.records_moved, radius.limits_broken) == (300, 0, ())


def test_a_customer_may_grow_threefold_and_to_the_size_of_a_cluster(con: duckdb.DuckDBPyConnection) -> None:
    knobs = replace(KNOBS, max_cluster_records=5)
    con.execute(
        "insert into identity.customer_ids select 'n' || i, 'c1', 'shop', 'n' || i from range(4) as t(i)"
    )
    assert measure_blast_radius(con, knobs).largest_after == 5
    assert broken(con, knobs) == []
    con.execute("insert into identity.customer_ids values ('n4', 'c1', 'shop', 'n4')")
    assert broken(con, knobs) == ["the largest customer would have 6 records (now 1)"]
    con.execute("insert into state.customer_id_history values ('o1', 'c1', null)")
    assert broken(con, knobs) == [], "six is three times two"


def test_a_small_home_is_not_judged(con: duckdb.DuckDBPyConnection) -> None:
    add_events(con, "merged", 50)
    assert broken(con, replace(KNOBS, min_customers_for_gate=200)) == ["customers merged"]
    assert broken(con, replace(KNOBS, min_customers_for_gate=201)) == []


def test_without_orders_there_is_no_revenue_to_move(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("drop table identity.customer_activity")
    move(con, 0, "new")
    radius = measure_blast_radius(con, KNOBS)
    assert (radius.revenue_moved, radius.revenue_moved_share) == (0, 0)


def test_a_first_run_has_nothing_to_change(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("delete from state.customer_id_history")
    add_events(con, "created", 200)
    radius = measure_blast_radius(con, replace(KNOBS, min_customers_for_gate=0))
    assert radius == BlastRadius(0, 200, 200, 0, 0, 0, 0, 0.0, 0.0, 0.0, 0, 1, 0.0, ())
