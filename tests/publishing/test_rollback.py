"""Rollback: readers and state return to what they were before the last generation was published."""

from __future__ import annotations

from datetime import date
from typing import Any

import duckdb
import pytest

from cdp_assets import identity
from cdp_assets.publishing.copies import PublishProblem
from cdp_assets.publishing.listing import list_generations
from cdp_assets.publishing.rollback import roll_back
from cdp_assets.settings import Settings
from cdp_assets.state import connect_state
from tests.publishing.builds import build, publish_amounts, publish_build, read_current

MONDAY, TUESDAY = date(2017, 12, 4), date(2017, 12, 5)


def rows(settings: Settings, query: str) -> list[tuple[Any, ...]]:
    with connect_state(settings) as con:
        return con.execute(query).fetchall()


def test_a_rollback_goes_back_one_and_marks_the_later_one_withdrawn(settings: Settings) -> None:
    for number in (1, 2, 3):
        publish_amounts(settings, f"run {number}", number)
    assert roll_back(settings) == ("g000003", "g000002")
    assert read_current(settings) == 2
    assert roll_back(settings) == ("g000002", "g000001")
    assert read_current(settings) == 1
    with pytest.raises(PublishProblem, match="g000001 has no earlier generation"):
        roll_back(settings)
    assert publish_amounts(settings, "run 4", 4) == "g000004"
    listed = {each.generation: (each.status, each.compared_with) for each in list_generations(settings)}
    assert listed["g000004"] == ("current", "g000001")
    assert sorted(path.name for path in settings.published_dir.glob("g*")) == ["g000001", "g000004"]


def test_a_home_without_a_generation_says_what_to_do(settings: Settings) -> None:
    with pytest.raises(PublishProblem, match="run `onefold run` first"):
        roll_back(settings)


def publish_segment(settings: Settings, run_id: str, as_of_date: date, segment: str) -> None:
    columns = f"date '{as_of_date}' as as_of_date, 'c1' as customer_id, '{segment}' as segment"
    build(
        settings,
        "create table marts.dates as select 1 as x",
        f"create table history.customer_segments as select {columns}",
    )
    publish_build(settings, run_id, as_of_date=as_of_date)


def test_histories_keep_one_row_per_date_and_return_to_what_a_rollback_finds_replaced(
    settings: Settings,
) -> None:
    history = "select as_of_date, segment from customer_segments order by 1"
    with connect_state(settings) as con:
        con.execute("create table customer_segments (as_of_date date, customer_id varchar, segment varchar)")
    publish_segment(settings, "one", MONDAY, "loyal")
    publish_segment(settings, "two", TUESDAY, "lost")
    publish_segment(settings, "three", TUESDAY, "won back")
    assert rows(settings, history) == [(MONDAY, "loyal"), (TUESDAY, "won back")]
    roll_back(settings)
    assert rows(settings, history) == [(MONDAY, "loyal"), (TUESDAY, "lost")]
    roll_back(settings)
    assert rows(settings, history) == [(MONDAY, "loyal")]


def test_identity_s_map_returns_and_issued_ids_stay_issued(settings: Settings) -> None:
    def commit_identity(con: duckdb.DuckDBPyConnection, generation: str) -> None:
        number = int(generation[1:])
        con.execute(
            "insert into identity_generations values (?, ?, ?, 'run', 'prior', false, false)",
            [number, generation, MONDAY],
        )
        con.execute("update customer_id_history set to_generation = ? where to_generation is null", [number])
        con.execute(
            "insert into customer_id_history (record_key, channel, customer_id, reason, effective_at, from_generation) "
            "values ('r1', 'shop', ?, 'created', '2017-12-04', ?)",
            [f"c{number}", number],
        )
        con.execute(
            "insert into issued_ids values (?, 'r1', ?, ?, '2017-12-04')", [f"c{number}", number, number]
        )

    for number in (1, 2):
        build(settings, "create table marts.dates as select 1 as x")
        publish_build(settings, f"run {number}", commits=[commit_identity])
    roll_back(settings, withdrawals=[identity.withdraw_later])
    current = "select customer_id, from_generation from customer_id_history where to_generation is null"
    assert rows(settings, current) == [("c1", 1)]
    assert rows(settings, "select is_withdrawn from identity_generations order by generation") == [
        (False,),
        (True,),
    ]
    assert rows(settings, "select count(*) from issued_ids") == [(2,)]
