"""What happens within one session: a second purchase, somebody else's log-in, and what a browser refuses, each with its truth."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from cdp_assets.demo import SimulationReport


@pytest.fixture
def events(demo: SimulationReport) -> duckdb.DuckDBPyConnection:
    """`events`: touchpoint_id, event_name, user_id, order (the transaction that a purchase names), gpc, device_id, event_at."""
    con = duckdb.connect()
    con.execute(
        f"""
        create table events as
        select
            user_pseudo_id as device_id,
            user_pseudo_id || '.' || list_filter(event_params, lambda p: p.key = 'ga_session_id')[1].value.int_value as touchpoint_id,
            event_name, user_id, ecommerce.transaction_id as order_name, event_timestamp::bigint as event_at,
            len(list_filter(event_params, lambda p: p.key = 'gpc')) > 0 as is_gpc,
        from read_json('{demo.out}/inbox/ga4/*.ndjson', union_by_name = true, sample_size = -1)
        """
    )
    return con


def second_touches(truth: Path) -> str:
    """SQL of the truth's touches that follow another in their session: touchpoint_id of the session, person_id of both."""
    return f"""(
        select later.touchpoint_id[:-3] as touchpoint_id, first.person_id as first_person, later.person_id as later_person
        from '{truth}/touches.parquet' as later
        join '{truth}/touches.parquet' as first on first.channel = 'ga4' and first.touchpoint_id = later.touchpoint_id[:-3]
        where later.channel = 'ga4' and regexp_full_match(later.touchpoint_id, '.+[.].+[.].+[.]2')
    )"""


def test_a_session_with_two_purchases_is_two_touches_of_one_person(
    events: duckdb.DuckDBPyConnection, truth: Path
) -> None:
    twice = "(select touchpoint_id from events where order_name is not null group by 1 having count(distinct order_name) > 1)"
    found = events.execute(
        f"select count(*), count(second.touchpoint_id), bool_and(first_person = later_person) from {twice} as twice "
        f"left join {second_touches(truth)} as second using (touchpoint_id)"
    ).fetchall()[0]
    assert found[0] == found[1] > 0
    assert found[2]


def test_a_session_with_two_log_ins_is_two_touches_of_two_persons_of_one_home(
    events: duckdb.DuckDBPyConnection, truth: Path
) -> None:
    twice = "(select touchpoint_id from events where user_id is not null group by 1 having count(distinct user_id) = 2)"
    found = events.execute(
        f"""
        select count(*), count(second.touchpoint_id), bool_and(one.household_id = other.household_id and first_person <> later_person)
        from {twice} as twice
        left join {second_touches(truth)} as second using (touchpoint_id)
        left join '{truth}/persons.parquet' as one on one.person_id = first_person
        left join '{truth}/persons.parquet' as other on other.person_id = later_person
        """
    ).fetchall()[0]
    assert found[0] == found[1] > 0
    assert found[2]


def test_the_truth_names_every_browser_that_refuses(events: duckdb.DuckDBPyConnection, truth: Path) -> None:
    refusing = events.execute("select distinct device_id from events where is_gpc order by 1").fetchall()
    assert refusing
    assert refusing == duckdb.sql(f"select device_id from '{truth}/refusals.parquet' order by 1").fetchall()
