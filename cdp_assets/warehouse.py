"""The warehouse as Python steps open it: state attached read-only, limits set, always closed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import duckdb

from cdp_assets import warehouse_seal
from cdp_assets.engine import STORAGE
from cdp_assets.settings import Settings
from cdp_assets.sql_text import identifier, literal


@contextmanager
def open_warehouse(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """A writing connection to warehouse.duckdb with state.duckdb as `state`; dbt must not have it open. Its seal is kept."""
    with warehouse_seal.kept(settings):
        con = duckdb.connect(str(settings.warehouse_path), config=settings.duckdb_limits | STORAGE)
        try:
            con.execute("set TimeZone = 'UTC'")
            con.execute("set enable_progress_bar = false")
            con.execute(f"attach {literal(settings.state_path)} as state (read_only)")
            yield con
        finally:
            con.close()


def count_rows(con: duckdb.DuckDBPyConnection, schema: str, tables: Iterable[str]) -> dict[str, int]:
    """Rows of each table of a schema, by name."""
    counted = {}
    for table in tables:
        row = con.execute(f"select count(*) from {identifier(schema, table)}").fetchone()
        counted[table] = int(row[0]) if row else 0
    return counted
