"""What schema identity holds."""

from __future__ import annotations

import duckdb


def has_table(con: duckdb.DuckDBPyConnection, table: str, *, database: str | None = None) -> bool:
    """Whether schema identity has a table: of the named database, or of any that is attached."""
    return bool(
        con.execute(
            "select count(*) from information_schema.tables where table_schema = 'identity' and table_name = $table "
            "and table_catalog = coalesce($database, table_catalog)",
            {"table": table, "database": database},
        ).fetchall()[0][0]
    )
