"""The lift of a marketing channel is known because it is what the simulator used."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import duckdb
import pytest

from cdp_assets.demo.journeys import create_chain
from cdp_assets.demo.parameters import load_parameters

# one worker builds what this group shares, once
pytestmark = pytest.mark.xdist_group("demo")


def test_shares_of_incremental_orders_add_up_to_one_and_a_channel_without_lift_gets_none(truth: Path) -> None:
    lift = dict(
        duckdb.sql(f"select marketing_channel, true_share from '{truth}/marketing_lift.csv'").fetchall()
    )
    assert sum(lift.values()) == pytest.approx(1, abs=1e-5)
    assert lift["direct"] == 0
    assert lift["email"] > lift["organic_search"]


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
    ).fetchone() or (0, 0)
    assert sessions > 2 * orders > 0
