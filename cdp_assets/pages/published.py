"""The published files as the pages open them: read-only, without access to anything else, a connection per generation.

Which generation is current is `publishing`'s to say. Nothing is drawn here, and only the published schemas are read.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pandas as pd
import streamlit as st

from cdp_assets.publishing.generations import current_files
from cdp_assets.settings import Settings

MARTS, CONTACT = "onefold", "contact_file"  # the aliases of the two files
Parameters = tuple[object, ...]


@dataclass(frozen=True)
class Published:
    """One generation. Both files come from one look at the link, so they belong together."""

    generation: str
    marts_path: str
    contact_path: str | None  # None unless the pages were started with --reveal

    @property
    def published_at(self) -> datetime:
        """When the files were written, UTC (the disk's clock; no figure depends on it)."""
        return datetime.fromtimestamp(Path(self.marts_path).stat().st_mtime, tz=UTC)

    def ask(self, sql: str, *parameters: object) -> pd.DataFrame:
        """Answer of one query on the schema `marts`, remembered for as long as this generation is shown."""
        return _remembered(self.marts_path, sql, parameters)

    def ask_contact(self, sql: str, *parameters: object) -> pd.DataFrame:
        """Answer of one query that may read `contact`; never remembered. Only with --reveal."""
        if self.contact_path is None:
            raise PermissionError("identifiers in clear are shown only after `onefold ui --reveal`")
        return _answer(_connection(self.marts_path, self.contact_path), sql, parameters)

    def tables(self) -> frozenset[str]:
        """Names of the marts of this generation."""
        found = self.ask(
            "select table_name from duckdb_tables() where database_name = ? and schema_name = 'marts'", MARTS
        )
        return frozenset(found["table_name"])

    def missing(self, names: Sequence[str]) -> list[str]:
        """Those of the named marts that this generation does not hold."""
        return sorted(set(names) - self.tables())

    def definitions(self) -> pd.DataFrame:
        """The dictionary. One row per column: table_name, table_comment, row_count, and so on."""
        return self.ask(
            """
            select
                c.table_name,
                t.comment as table_comment,
                t.estimated_size as row_count,
                c.column_name,
                lower(c.data_type) as data_type,
                c.comment
            from duckdb_columns() as c
            inner join duckdb_tables() as t on c.table_oid = t.table_oid and c.database_name = t.database_name
            where c.database_name = ? and c.schema_name = 'marts'
            order by c.table_name, c.column_index
            """,
            MARTS,
        )

    def column_comments(self, *tables: str) -> dict[str, str]:
        """Definition of each column of the named marts; the first table that defines a name wins."""
        found = self.definitions()
        wanted = found[found["table_name"].isin(tables) & found["comment"].notna()]
        rows = zip(wanted["table_name"], wanted["column_name"], wanted["comment"], strict=True)
        by_rank = sorted(rows, key=lambda row: tables.index(row[0]), reverse=True)
        return {column: comment for _, column, comment in by_rank}

    def as_of_date(self) -> date | None:
        """The run's business date, which the calendar mart ends with."""
        if self.missing(["dates"]):
            return None
        last = self.ask("select max(date_day) as as_of_date from dates")["as_of_date"].iloc[0]
        return None if pd.isna(last) else pd.Timestamp(last).date()


def current_published(settings: Settings, *, reveal: bool) -> Published | None:
    """The generation that the link names now, or None before the first."""
    files = current_files(settings)
    if files is None or not files.marts.exists():
        return None
    contact = os.path.realpath(files.contact) if reveal and files.contact.exists() else None
    return Published(files.generation, os.path.realpath(files.marts), contact)


def previous_published(shown: Published) -> Published | None:
    """The generation before the shown one, if its files are still kept (masked marts only)."""
    folder = Path(shown.marts_path).parent
    older = sorted(
        path.name for path in folder.parent.glob("g[0-9]*") if path.name < folder.name and path.is_dir()
    )
    marts = folder.parent / older[-1] / Path(shown.marts_path).name if older else None
    return Published(marts.parent.name, str(marts), None) if marts and marts.exists() else None


def open_read_only(
    marts_path: str, contact_path: str | None, *, memory_limit: str
) -> duckdb.DuckDBPyConnection:
    """A connection that sees the published schemas and can neither write, nor read other files, nor be told to."""
    con = duckdb.connect(
        ":memory:", config={"memory_limit": memory_limit, "threads": 2, "temp_directory": ""}
    )
    con.execute(f"attach {_text(marts_path)} as {MARTS} (read_only)")
    if contact_path:
        con.execute(f"attach {_text(contact_path)} as {CONTACT} (read_only)")
    con.execute(f"use {MARTS}.marts")
    con.execute("set enable_external_access = false")
    con.execute("set lock_configuration = true")
    return con


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"


@st.cache_resource(max_entries=4, show_spinner=False, on_release=lambda con: con.close())
def _connection(marts_path: str, contact_path: str | None) -> duckdb.DuckDBPyConnection:
    return open_read_only(marts_path, contact_path, memory_limit=Settings.load().memory_limit)


@st.cache_data(max_entries=500, show_spinner=False)
def _remembered(marts_path: str, sql: str, parameters: Parameters) -> pd.DataFrame:
    return _answer(_connection(marts_path, None), sql, parameters)


def _answer(con: duckdb.DuckDBPyConnection, sql: str, parameters: Parameters) -> pd.DataFrame:
    cursor = con.cursor()
    try:
        cursor.execute(f"use {MARTS}.marts")
        found: pd.DataFrame = cursor.execute(sql, list(parameters)).df()
        return found
    finally:
        cursor.close()
