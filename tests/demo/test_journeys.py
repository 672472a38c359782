"""The lift of a marketing channel is known because it is what the simulator used."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import duckdb
import pytest

from cdp_assets.demo.baskets import create_candidates, create_orders, load_real_baskets
from cdp_assets.demo.chance import register_chance
from cdp_assets.demo.journeys import count_lift, create_chain, create_journeys, create_touches
from cdp_assets.demo.parameters import Parameters, load_parameters
from cdp_assets.demo.persons import create_households, create_persons
from cdp_assets.demo.pools import create_pools

# one worker builds what this group shares, once
pytestmark = pytest.mark.xdist_group("demo")


def test_shares_of_incremental_orders_add_up_to_one_and_a_channel_without_lift_gets_none(truth: Path) -> None:
    lift = dict(
        duckdb.sql(f"select marketing_channel, true_share from '{truth}/marketing_lift.csv'").fetchall()
    )
    assert sum(lift.values()) == pytest.approx(1, abs=1e-5)
    assert lift["direct"] == 0
    assert lift["email"] > lift["organic_search"]


def _make_town(con: duckdb.DuckDBPyConnection, persons: int, parameters: Parameters) -> None:
    """Everything up to the web shop's orders."""
    register_chance(con, 7)
    create_pools(con, parameters)
    create_chain(con, parameters)
    create_households(con, persons, parameters)
    load_real_baskets(con)
    create_persons(con, 0, persons, persons, parameters)
    create_candidates(con, parameters)
    create_journeys(con, parameters)
    create_orders(con, parameters, {})


def _web_orders(persons: int, parameters: Parameters, channel: str) -> tuple[int, int]:
    """Web orders of a town, and how many of them the truth says are owed to the channel."""
    with duckdb.connect() as con:
        _make_town(con, persons, parameters)
        count_lift(con)
        found = con.execute(
            "select (select count(*) from orders where channel = 'shopify'), "
            "(select sum(incremental_orders) from lift_counts where marketing_channel = ?)",
            [channel],
        ).fetchall()[0]
    assert found is not None
    return int(found[0]), int(found[1] or 0)


def test_orders_owed_to_a_channel_are_missing_where_its_visits_do_nothing() -> None:
    """The same town with and without the effect of e-mail; persons who buy once would buy another time, and are left out."""
    parameters = load_parameters()
    persons = {**parameters.traps["persons"], "buys_once": 0.0}
    with_email = dataclasses.replace(parameters, traps={**parameters.traps, "persons": persons})
    channels = dict(parameters.journeys["channels"])
    channels["email"] = {**channels["email"], "lift": 0.0}
    without = dataclasses.replace(with_email, journeys={**parameters.journeys, "channels": channels})
    placed, owed = _web_orders(150, with_email, "email")
    assert owed > 15
    assert _web_orders(150, without, "email") == (placed - owed, 0)


def test_a_chain_that_does_not_add_up_is_refused(con: duckdb.DuckDBPyConnection) -> None:
    parameters = load_parameters()
    channels = {name: {**channel, "start": 0.9} for name, channel in parameters.journeys["channels"].items()}
    broken = dataclasses.replace(parameters, journeys={**parameters.journeys, "channels": channels})
    with pytest.raises(ValueError, match="make them add up to 1"):
        create_chain(con, broken)


def test_most_sessions_do_not_end_in_an_order(truth: Path) -> None:
    sessions, orders = duckdb.sql(
        f"""
        select (select count(*) from '{truth}/touches.parquet'),
            (select count(*) from '{truth}/orders.parquet' where channel = 'shopify')
        """
    ).fetchall()[0]
    assert sessions > 2 * orders > 0


@pytest.mark.parametrize(("late_days", "is_level"), [(45, True), (0, False)])
def test_visits_do_not_fall_towards_the_end_since_some_will_buy_after_it(
    late_days: int, is_level: bool
) -> None:
    parameters = load_parameters()
    journeys = {**parameters.journeys, "late_days": late_days}
    with duckdb.connect() as con:
        _make_town(con, 600, dataclasses.replace(parameters, journeys=journeys))
        create_touches(con, parameters)
        before, last = con.execute(
            """
            with days as (
                select day::date as day, (select count(*) from touches where at_utc::date = day::date) as touches,
                    (select count(*) from candidates where channel = 'shopify' and at_utc::date = day::date) as baskets
                from range(date '2017-09-01', date '2018-01-01', interval 1 day) as days(day)
            )
            select sum(touches) filter (where day < date '2017-12-01') / sum(baskets) filter (where day < date '2017-12-01'),
                sum(touches) filter (where day >= date '2017-12-22') / sum(baskets) filter (where day >= date '2017-12-22')
            from days
            """
        ).fetchall()[0]
        after = con.execute(
            "select count(*) from touches where at_utc >= timestamp '2018-01-01 05:00:00'"
        ).fetchall()
    assert (last > 0.85 * before) == is_level, (before, last)
    assert after == [(0,)]
