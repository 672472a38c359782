"""Rows of state end after the days that their table or class may stay, are counted, and are gone from the bytes of the file."""

from __future__ import annotations

from datetime import date

import pytest

from cdp_assets.dbt_runner import run_vars
from cdp_assets.retention_rules import DATED, RetentionProblem, rules
from cdp_assets.rights import retention
from cdp_assets.settings import Settings
from cdp_assets.state import connect_state

OLD, NEW = "customer-of-long-ago-0001", "customer-of-late-0002"


def filled(settings: Settings, rules: str) -> Settings:
    with connect_state(settings) as con:
        con.execute(
            "insert into generations by name select 'g000001' as generation, 'current' as status, date '2026-06-30' as as_of_date, "
            "'r' as run_id, now()::timestamp as created_at"
        )
        for day, customer in (("2025-01-01", OLD), ("2026-06-01", NEW)):
            con.execute(
                "insert into lifecycle_by_date values (?::date, ?, 'active', null, 1, 1)", [day, customer]
            )
        con.execute(
            "insert into identity_quality by name select date '2025-01-01' as as_of_date, 'm' as metric, '' as dimension, 1.0 as value, 1 as generation_number"
        )
    return settings.model_copy(update={"retention": rules})


def test_a_class_ends_its_tables_and_a_table_its_own(settings: Settings) -> None:
    chosen = filled(settings, "core=365")
    assert retention.expire(chosen, date(2026, 7, 1)) == {"lifecycle_by_date": 1}
    assert retention.expire(chosen, date(2026, 7, 1)) == {}
    with connect_state(settings, read_only=True) as con:
        assert con.execute("select customer_id from lifecycle_by_date").fetchall() == [(NEW,)]
        assert con.execute("select count(*) from identity_quality").fetchall() == [(1,)]
        assert con.execute(
            "select table_name, classification, days, removed_rows from retention_counts"
        ).fetchall() == [("lifecycle_by_date", "core", 365, 1)]
        with pytest.raises(Exception, match=r"(?i)constraint|read-only"):
            con.execute("insert into schema_migrations select * from schema_migrations")
    assert OLD.encode() not in settings.state_path.read_bytes()
    lasting = settings.model_copy(
        update={"retention": "core=365,lifecycle_by_date=10000,identity_quality=30"}
    )
    assert retention.expire(lasting, date(2026, 7, 1)) == {"identity_quality": 1}


def test_a_wrong_clock_ends_nothing_and_an_unknown_name_is_refused(settings: Settings) -> None:
    chosen = filled(settings, "core=600")
    assert retention.expire(chosen, date(2099, 1, 1)) == {}
    for wrong in ("customer_id_history=10", "core=soon", "core=0", "core", "core=999999", "core=9,core=8"):
        with pytest.raises(RetentionProblem, match="ONEFOLD_RETENTION"):
            rules(wrong)


def test_what_still_says_something_of_today_stays(settings: Settings) -> None:
    """An answer that stands, what a platform refused, which decisions were taken, what became of an id, and the proof of an open request."""
    chosen = filled(settings, "core=365,internal=365")
    with connect_state(settings) as con:
        con.execute(
            "insert into consent_statements_by_date by name select as_of_date::date as as_of_date, statement_id, is_ended, 'shop' as channel, "
            "'record' as contact_type, '' as contact_scope, 'marketing' as purpose, 'granted' as status "
            "from (values ('2024-01-01', 'stands', false), ('2024-01-01', 'ended', false), ('2024-06-01', 'ended', true), "
            "('2024-01-01', 'ended late', false), ('2026-06-01', 'ended late', true)) as t (as_of_date, statement_id, is_ended)"
        )
        con.execute("insert into activation_answers values (1, 1, 'refused', 'gone', '2024-01-01')")
        con.execute(
            "insert into decisions by name select 'd' as decision_id, 'rulings' as inbox, 'applied' as outcome, "
            "'2024-01-01' as decided_at, '2024-01-01' as as_of_date"
        )
        con.execute(
            "insert into rights_requests by name select request_id, 'access' as kind, 'gdpr' as jurisdiction, '2024-01-01' as received_at, "
            "'2024-02-01' as due_date, false as is_extended, true as is_verified, status, closed_at::timestamp as closed_at "
            "from (values ('open', 'received', null), ('done', 'completed', '2024-01-09')) as t (request_id, status, closed_at)"
        )
        con.execute(
            "insert into rights_events by name select request_id || event as event_id, request_id, '2024-01-02' as noted_at, event, 'me' as actor "
            "from (values ('open', 'verified'), ('done', 'verified'), ('done', 'readmitted'), ('done', 'hold_ended')) as t (request_id, event)"
        )
    assert retention.expire(chosen, date(2026, 7, 1)) == {
        "consent_statements_by_date": 2, "identity_quality": 1, "lifecycle_by_date": 1, "rights_events": 1,
    }  # fmt: skip
    with connect_state(settings, read_only=True) as con:
        assert con.execute(
            "select statement_id, count(*) from consent_statements_by_date group by all order by all"
        ).fetchall() == [("ended late", 2), ("stands", 1)]
        assert con.execute("select event_id from rights_events order by all").fetchall() == [
            ("donehold_ended",),
            ("donereadmitted",),
            ("openverified",),
        ]
        for name in ("activation_answers", "decisions"):
            assert con.execute(f"select count(*) from {name}").fetchall() == [(1,)]


def test_what_ended_is_not_inferred_again(settings: Settings) -> None:
    assert "rfm_inferred_days" not in run_vars(settings, None)
    for days in ("core=400", "core=900,rfm_scores_by_date=400"):
        chosen = settings.model_copy(update={"retention": days})
        assert run_vars(chosen, None)["rfm_inferred_days"] == 400


def test_every_table_that_can_end_is_there_with_its_date(settings: Settings) -> None:
    with connect_state(settings, read_only=True) as con:
        there = set(
            con.execute("select table_name, column_name from duckdb_columns() where not internal").fetchall()
        )
    assert set(DATED.items()) <= there
