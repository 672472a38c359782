"""Tiny builds to publish: a warehouse made by hand, and readers that look at what is published."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

import duckdb

from cdp_assets.publishing.commit import Gate, publish_run
from cdp_assets.publishing.generations import current_files
from cdp_assets.publishing.recovery import Commit
from cdp_assets.publishing.run_record import RunRecord
from cdp_assets.settings import Settings

DAY = date(2017, 12, 31)


def build(settings: Settings, *statements: str) -> None:
    """A new warehouse with the schemas of a build, and what the statements make in it."""
    settings.warehouse_path.unlink(missing_ok=True)
    con = duckdb.connect(str(settings.warehouse_path))
    con.execute("create schema marts; create schema contact; create schema staging; create schema history")
    for statement in statements:
        con.execute(statement)
    con.close()


def build_amounts(settings: Settings, *amounts: int) -> None:
    """marts.order_amounts with these amounts (described, as dbt does), and one contact."""
    build(
        settings,
        f"create table marts.order_amounts as select unnest({list(amounts)}::integer[]) as amount",
        "comment on column marts.order_amounts.amount is 'in dollars'",
        f"create view contact.customers_contact as select {sum(amounts)} as total, 'x' as email",
    )


def publish_build(
    settings: Settings,
    run_id: str,
    *,
    as_of_date: date = DAY,
    commits: Sequence[Commit] = (),
    gates: Sequence[Gate] = (),
    reached: Callable[[str], None] = lambda _: None,
) -> str:
    """Publish the warehouse as it is; returns the generation's name."""
    done = publish_run(
        settings,
        RunRecord(settings, run_id),
        as_of_date=as_of_date,
        expected_assets=set(),
        expected_checks=set(),
        commits=commits,
        gates=gates,
        reached=reached,
    )
    return done.name


def publish_amounts(settings: Settings, run_id: str, *amounts: int) -> str:
    build_amounts(settings, *amounts)
    return publish_build(settings, run_id)


def open_current(settings: Settings) -> duckdb.DuckDBPyConnection:
    """The current generation's two files, attached as `published` and `in_clear`, found in one look at the link."""
    files = current_files(settings)
    assert files is not None
    con = duckdb.connect()
    con.execute(f"attach '{files.marts}' as published (read_only)")
    con.execute(f"attach '{files.contact}' as in_clear (read_only)")
    con.execute("use published")
    return con


def read_current(settings: Settings, query: str = "select sum(amount) from marts.order_amounts") -> Any:
    """The first value of a query on what is published."""
    con = open_current(settings)
    try:
        row = con.execute(query).fetchone()
        return row[0] if row else None
    finally:
        con.close()
