"""Content fingerprints of tables: equal for equal content in any row order.

`bit_xor` alone cancels duplicates, so the sum of the row hashes and the count stand beside it; so does the schema.
"""

from __future__ import annotations

import hashlib

import duckdb

from cdp_assets.sql_text import identifier


def columns_of(
    con: duckdb.DuckDBPyConnection, database: str, schema: str, table: str
) -> list[tuple[str, str]]:
    """(column, type) in the table's order."""
    # duckdb_columns() looks at every view of every database, each time.
    rows = con.execute(f"describe {identifier(database, schema, table)}").fetchall()
    return [(row[0], row[1]) for row in rows]


def fingerprint(con: duckdb.DuckDBPyConnection, database: str, schema: str, table: str) -> tuple[int, str]:
    """(row count, fingerprint) of one table. Grain: the whole table."""
    return fingerprint_of(con, identifier(database, schema, table), columns_of(con, database, schema, table))


def fingerprint_of(
    con: duckdb.DuckDBPyConnection, relation: str, columns: list[tuple[str, str]]
) -> tuple[int, str]:
    """(row count, fingerprint) of a relation given as SQL, whose (column, type) list is known."""
    row = con.execute(
        "select count(*), coalesce(sum(hash(t)::hugeint), 0)::varchar, coalesce(bit_xor(hash(t)), 0)::varchar "
        f"from {relation} as t"
    ).fetchone()
    assert row is not None
    words = "\x1f".join([*(f"{name}:{kind}" for name, kind in columns), *(str(part) for part in row)])
    return int(row[0]), hashlib.sha256(words.encode()).hexdigest()[:32]
