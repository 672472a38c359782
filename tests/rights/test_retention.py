"""Rows of state end after the days that their table or class may stay, are counted, and are gone from the bytes of the file."""

from __future__ import annotations

from datetime import date

import pytest

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
    for wrong in ("customer_id_history=10", "core=soon", "core=0", "core"):
        with pytest.raises(retention.RetentionProblem, match="ONEFOLD_RETENTION"):
            retention.rules(wrong)


def test_every_table_that_can_end_is_there_with_its_date(settings: Settings) -> None:
    with connect_state(settings, read_only=True) as con:
        there = set(
            con.execute("select table_name, column_name from duckdb_columns() where not internal").fetchall()
        )
    assert set(retention.DATED.items()) <= there
