"""What Onefold asks of its engine, DuckDB, once: the storage version of every file that it writes, and tables given from memory.

What engine-specific SQL looks like does not belong here (that is `dbt_project/macros/engine/`), nor do limits of memory and
threads, which are settings.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import duckdb

# The oldest DuckDB that may read our files. Its own default is the newest: files that 1.x clients cannot open, and no way back.
# A file that exists keeps the version that it was made with.
STORAGE_VERSION = "v1.4.0"

STORAGE: dict[str, str | bool | int | float | list[str]] = {"storage_compatibility_version": STORAGE_VERSION}
"""Configuration of a connection that may make a database file."""


@contextmanager
def given(con: duckdb.DuckDBPyConnection, name: str, rows: Any) -> Iterator[None]:
    """Inside the block, SQL on con reads the Arrow table `rows` under `name`.

    DuckDB 2 refuses to register anything while a result is open, and `fetchone()` leaves one open; so what was asked before is
    run to its end first.
    """
    con.complete()
    con.register(name, rows)
    try:
        yield
    finally:
        con.complete()
        con.unregister(name)


def batches(
    con: duckdb.DuckDBPyConnection, query: str, rows: int, parameters: list[object] | None = None
) -> Any:
    """An Arrow reader of a query's result, about `rows` rows at a time; con answers nothing else until it is read or dropped."""
    con.complete()
    return con.sql(query, params=parameters).to_arrow_reader(rows)
