"""Paths of 98 real-shaped web events: what SQL builds is what a walk through each visitor's events finds."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from pathlib import Path

import duckdb
import pytest
from engine_macros import rendered

WINDOW = timedelta(days=30)
AS_OF = "date '2022-08-31'"


def touch_outcomes_sql(project_dir: Path) -> str:
    """The model journeys.touch_outcomes over tables of the same names as its inputs."""
    shared = (project_dir / "macros" / "may_be_profiled.sql").read_text(encoding="utf-8")
    model = (project_dir / "models" / "journeys" / "touch_outcomes.sql").read_text(encoding="utf-8")
    return rendered(
        shared + model,
        ref=lambda name: name,
        as_of_date=lambda: AS_OF,
        attribution_window_days=lambda _: str(WINDOW.days),
    )


@pytest.fixture
def events(shared_dir: Path) -> duckdb.DuckDBPyConnection:
    """Page views as touches, events with a total as conversions, each visitor a customer."""
    con = duckdb.connect()
    con.execute("set TimeZone = 'UTC'")
    source = shared_dir / "data" / "fractribution" / "snowplow_fractribution_events.csv"
    con.execute(
        f"""
        create table events as
        select event_id, domain_userid as visitor, derived_tstamp::timestamp as event_at, event_name, tr_total,
            coalesce(mkt_source || ' / ' || mkt_medium, 'none') as marketing_channel
        from read_csv('{source}');
        create table customer_consents as select distinct visitor as customer_id, true as is_profiled, false as is_measurement_refused from events;
        create table conversions as
        select 'web:' || event_id as conversion_id, visitor as customer_id, 'web' as channel, event_id as order_id,
            event_at as converted_at, true as is_profiled, false as is_erased
        from events where tr_total > 0;
        create table session_orders (touch_id varchar, conversion_id varchar);
        create table customer_touchpoints as
        select event_id as touch_id, 'web' as channel, visitor as customer_id, event_at as touched_at, event_at::date as touch_date,
            marketing_channel, null::varchar as campaign, 'visit' as touch_type, false as is_paid,
            marketing_channel = '(direct) / (none)' as is_direct, null::varchar as order_id, true as can_be_credited
        from events where event_name = 'page_view'
        """
    )
    return con


def walked_paths(con: duckdb.DuckDBPyConnection) -> dict[str, list[str]]:
    """Touches of each conversion by the definition: (max(previous conversion, t - window), t], in order."""
    touches: dict[str, list[tuple[datetime, str]]] = defaultdict(list)
    for visitor, at, touch in con.execute(
        "select customer_id, touched_at, touch_id from customer_touchpoints"
    ).fetchall():
        touches[visitor].append((at, touch))
    found: dict[str, list[str]] = {}
    previous: dict[str, datetime] = {}
    for visitor, at, conversion in con.execute(
        "select customer_id, converted_at, conversion_id from conversions order by customer_id, converted_at"
    ).fetchall():
        after = max(previous.get(visitor, datetime.min), at - WINDOW)
        found[conversion] = [touch for when, touch in sorted(touches[visitor]) if after < when <= at]
        previous[visitor] = at
    return found


def test_paths_of_real_shaped_events_are_those_that_a_walk_finds(
    events: duckdb.DuckDBPyConnection, project_dir: Path
) -> None:
    events.execute(f"create table outcomes as {touch_outcomes_sql(project_dir)}")
    built: dict[str, list[str]] = defaultdict(list)
    for conversion, touch in events.execute(
        "select conversion_id, touch_id from outcomes where outcome = 'converted' order by conversion_id, position"
    ).fetchall():
        built[conversion].append(touch)
    walked = {conversion: path for conversion, path in walked_paths(events).items() if path}
    assert len(walked) == 6
    assert dict(built) == walked
    assert events.execute("select count(*), count(distinct touch_id) from outcomes").fetchone() == (97, 97)
