"""A scratch database for Splink: its work tables live beside the warehouse, never in it, and vanish with it."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import duckdb

_NAME = "splink_scratch"


@dataclass(frozen=True)
class Scratch:
    """con: a connection whose default database is the scratch one. home: name of the database that holds schema identity."""

    con: duckdb.DuckDBPyConnection
    home: str


@contextmanager
def scratch_database(con: duckdb.DuckDBPyConnection) -> Iterator[Scratch]:
    """A second connection to the same DuckDB instance with an in-memory database attached, gone at the end."""
    logging.getLogger("splink").setLevel(logging.ERROR)
    home = str(con.execute("select current_database()").fetchall()[0][0])
    cursor = con.cursor()
    try:
        cursor.execute(f"attach if not exists ':memory:' as {_NAME}")
        cursor.execute(f"use {_NAME}")
        cursor.execute("set enable_progress_bar = false")
        yield Scratch(cursor, home)
    finally:
        cursor.execute(f"use {home}")
        cursor.execute(f"detach database if exists {_NAME}")
        cursor.close()
