"""Orders that counted and are parked now: for a while nobody knows what they are worth, and nobody leaves an audience by its rules for that.

Told by comparing the published orders with those of the generation before, and kept in the ledger until they count again. Consent,
suppression and whatever else ends a membership still end it.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date

import duckdb

from cdp_assets.activation.ledger import attached, roll_back
from cdp_assets.activation.reach import LEDGER
from cdp_assets.publishing.copies import MARTS_FILE
from cdp_assets.publishing.generations import current_generation
from cdp_assets.settings import Settings
from cdp_assets.sql_text import literal

FORMER = "former"  # the generation before, where it is still there


@contextmanager
def attached_with_former(con: duckdb.DuckDBPyConnection, settings: Settings) -> Iterator[None]:
    """The ledger, writable, and the marts of the generation before the current one. Raises StateInUse."""
    current = current_generation(settings) or ""
    before = sorted(
        folder.name
        for folder in settings.published_dir.glob("g[0-9]*")
        if folder.name.partition("-")[0] < current.partition("-")[0]
    )
    with attached(con, settings):
        if before:
            con.execute(
                f"attach {literal(settings.published_dir / before[-1] / MARTS_FILE)} as {FORMER} (read_only)"
            )
        try:
            yield
        finally:
            roll_back(con)
            if before:
                con.execute(f"detach {FORMER}")


def find_parked(con: duckdb.DuckDBPyConnection, as_of: date) -> None:
    """Temporary tables parked_orders (channel, order_id, parked_on), of orders that counted before, and kept_customers (customer_id)."""
    con.execute(
        "create or replace temp table parked_orders (channel varchar, order_id varchar, parked_on date)"
    )
    con.execute("create or replace temp table kept_customers (customer_id varchar)")
    if not _says_what_is_parked(con, None):
        return
    con.execute(
        f"insert into parked_orders select channel, order_id, parked_on from {LEDGER}.activation_parked_orders "
        "semi join (select channel, order_id from marts.orders where is_parked) as parked using (channel, order_id)"
    )
    if _says_what_is_parked(con, FORMER):
        con.execute(
            "insert into parked_orders select now.channel, now.order_id, $as_of from marts.orders as now "
            f"join {FORMER}.marts.orders as before using (channel, order_id) "
            "anti join parked_orders as known on known.channel = now.channel and known.order_id = now.order_id "
            "where now.is_parked and not before.is_parked",
            {"as_of": as_of},
        )
    con.execute(
        "insert into kept_customers select distinct customer_id from marts.orders semi join parked_orders using (channel, order_id) "
        "where customer_id is not null"
    )


def keep(con: duckdb.DuckDBPyConnection) -> None:
    """Remember them, inside the run's transaction; those that count again are forgotten."""
    con.execute(f"delete from {LEDGER}.activation_parked_orders")
    con.execute(
        f"insert into {LEDGER}.activation_parked_orders select channel, order_id, parked_on from parked_orders"
    )


def _says_what_is_parked(con: duckdb.DuckDBPyConnection, database: str | None) -> bool:
    return bool(
        con.execute(
            "select 1 from duckdb_columns() where database_name = coalesce($database, current_database()) and schema_name = 'marts' "
            "and table_name = 'orders' and column_name = 'is_parked'",
            {"database": database},
        ).fetchall()
    )
