"""Tiny inputs by hand for the insight tests: paths for the chain, tables for the warehouse."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

import duckdb
import numpy as np

from cdp_assets.insight.chain import VALUE_UNITS, PathBatch


@dataclass(frozen=True)
class Journey:
    """One path of a customer; `value` None is a null path."""

    channels: Sequence[str]
    value: float | None = None
    customer: str | None = "anna"  # None: an anonymous order
    day: date = date(2017, 3, 5)
    is_new: bool = False
    net_value: float | None = None
    campaigns: Sequence[str | None] | None = None  # of each touch


def batch_of(paths: Sequence[tuple[Sequence[int], float, float, float]]) -> PathBatch:
    """(channel numbers, conversions, nulls, value) per path."""
    return PathBatch(
        touches=np.array([channel for path, *_ in paths for channel in path], dtype=np.int64),
        lengths=np.array([len(path) for path, *_ in paths], dtype=np.int64),
        conversions=np.array([row[1] for row in paths], dtype=float),
        nulls=np.array([row[2] for row in paths], dtype=float),
        value=np.array([row[3] * VALUE_UNITS for row in paths], dtype=float),
    )


TOUCHES_DDL = """
    create table journeys.path_touches (
        conversion_id text, null_path_id text, touch_id text, marketing_channel text, campaign text, position bigint,
        touched_at timestamp, customer_id text, is_anonymous boolean, is_direct boolean, is_conversion boolean, path_date date, is_new_customer boolean,
        conversion_value double, conversion_net_value double
    )
"""


def warehouse_with_journeys(journeys: Sequence[Journey]) -> duckdb.DuckDBPyConnection:
    """An in-memory warehouse whose journeys.path_touches holds the journeys, numbered p0, p1, ..."""
    con = duckdb.connect()
    con.execute("create schema journeys")
    con.execute("create schema attribution")
    con.execute(TOUCHES_DDL)
    rows = []
    for number, journey in enumerate(journeys):
        converts = journey.value is not None
        net = journey.value if journey.net_value is None else journey.net_value
        campaigns = journey.campaigns or [None] * len(journey.channels)
        for place, (channel, campaign) in enumerate(zip(journey.channels, campaigns, strict=True), start=1):
            rows.append(
                [
                    f"p{number}" if converts else None, None if converts else f"p{number}", f"p{number}-{place}",
                    channel, campaign, place, journey.day, journey.customer, journey.customer is None, channel == "direct", converts, journey.day,
                    journey.is_new, journey.value, net,
                ]
            )  # fmt: skip
    if rows:
        con.executemany(f"insert into journeys.path_touches values ({', '.join('?' * 15)})", rows)
    return con


def warehouse_with_purchases(
    days: Sequence[tuple[str, date, float]], earlier: frozenset[str] = frozenset()
) -> duckdb.DuckDBPyConnection:
    """An in-memory warehouse whose journeys.customer_purchase_days holds (customer, day, net amount)."""
    con = duckdb.connect()
    con.execute("create schema journeys")
    con.execute(
        "create table journeys.customer_purchase_days "
        "(customer_id text, purchase_date date, net_amount decimal(18, 2), has_earlier_purchases boolean)"
    )
    if days:
        customers, dates, amounts = zip(*days, strict=True)
        con.execute(
            "insert into journeys.customer_purchase_days "
            "select unnest(?::text[]), unnest(?::date[]), unnest(?::decimal(18, 2)[]), unnest(?::boolean[])",
            [list(customers), list(dates), list(amounts), [name in earlier for name in customers]],
        )
    return con


def simulated_purchases(customers: int, seed: int = 1, span: int = 365) -> list[tuple[str, date, float]]:
    """Purchase days of customers as BG/NBD and Gamma-Gamma imagine them, over `span` days from 2017-01-01."""
    rng = np.random.default_rng(seed)
    rows = []
    for number in range(customers):
        rate, leaving, scale = rng.gamma(0.8) / 40, rng.beta(0.8, 2.5), 15 / rng.gamma(3.7)
        day, days = rng.uniform(0, span / 2), set()
        while day < span:
            days.add(int(day))
            if len(days) > 1 and rng.random() < leaving:
                break
            day += rng.exponential(1 / rate)
        rows += [
            (
                f"c{number:05d}",
                date(2017, 1, 1) + timedelta(days=one),
                round(rng.gamma(6.2) * scale + 0.01, 2),
            )
            for one in sorted(days)
        ]
    return rows
