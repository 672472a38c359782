"""Tables that the warehouse keeps from run to run, as docs/decisions/0008 says: what each was made by stands in its comment.

What is read anew, and when, belongs to the step that makes the table.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from importlib.metadata import version
from pathlib import Path

import duckdb

from cdp_assets.identity.tables import has_table
from cdp_assets.sql_text import identifier


def digest_of(paths: Iterable[Path], libraries: Iterable[str] = ()) -> str:
    """Digest of code and lists, and of the versions of the libraries that they ask."""
    digest = hashlib.sha256(" ".join(version(library) for library in libraries).encode())
    for path in paths:
        digest.update(path.read_bytes())
    return digest.hexdigest()


def digest_of_facts(*facts: object) -> str:
    """Digest of settings and other makers, as they are printed."""
    return hashlib.sha256("\x1f".join(map(str, facts)).encode()).hexdigest()


def made_by(con: duckdb.DuckDBPyConnection, table: str) -> str | None:
    """What a table of schema identity was made by; None where it says nothing or is not there."""
    found = con.execute(
        "select comment from duckdb_tables() where database_name = current_database() "
        "and schema_name = 'identity' and table_name = $table",
        {"table": table},
    ).fetchone()
    return None if found is None else found[0]


def keep_made_by(con: duckdb.DuckDBPyConnection, table: str, maker: str) -> None:
    """Note what a table of schema identity was made by (a digest: it stands in SQL)."""
    con.execute(f"comment on table identity.{table} is '{maker}'")


def forget(con: duckdb.DuckDBPyConnection, *tables: str, schema: str = "identity") -> None:
    """Have these tables rebuilt whole. schema: identity's, with its database where that is not the current one."""
    for table in tables:
        if has_table(con, table):
            con.execute(f"comment on table {schema}.{table} is null")


def forget_makers(con: duckdb.DuckDBPyConnection) -> None:
    """Have every cached table rebuilt: nobody knows what became of the warehouse."""
    rows = con.execute(
        "select table_name from duckdb_tables() where database_name = current_database() and schema_name = 'identity' "
        "and comment is not null"
    ).fetchall()
    for (table,) in rows:
        con.execute(f"comment on table identity.{identifier(table)} is null")


@contextmanager
def at_once(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """One transaction: all of it, or nothing."""
    con.begin()
    try:
        yield
        con.commit()
    except BaseException:
        con.rollback()
        raise
