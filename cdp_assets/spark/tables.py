"""What a Spark session knows of a home: tables of DuckDB files as Parquet, under the same schemas and names."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import duckdb

from cdp_assets.spark.exchange import export_table


def quoted(*parts: str) -> str:
    """A quoted name in Spark's way."""
    return ".".join("`" + part.replace("`", "``") + "`" for part in parts)


def give(
    session: Any,
    con: duckdb.DuckDBPyConnection,
    tables: Iterable[tuple[str, str, str]],
    folder: Path,
    schemas: dict[str, str] | None = None,
) -> None:
    """Write tables, (database, schema, name), as Parquet below a folder that Spark's workers see, and name them in the session.

    `schemas` names another schema for a database's tables: those of state.duckdb stand in `state` on Spark.
    """
    for database, schema, name in tables:
        known_as = (schemas or {}).get(database, schema)
        path = folder / known_as / f"{name}.parquet"
        export_table(con, database, schema, name, path)
        session.sql(f"create schema if not exists {quoted(known_as)}")
        session.sql(f"drop table if exists {quoted(known_as, name)}")
        session.sql(f"create table {quoted(known_as, name)} using parquet location '{path}'")
