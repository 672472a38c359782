"""The published files as the site opens them: read-only, without access to anything else, one connection per generation.

Which generation is current is `publishing`'s to say. Nothing is drawn here, and only the published schemas are read.
"""

from __future__ import annotations

import os
import threading
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
import pandas as pd

from cdp_assets.publishing.generations import current_files
from cdp_assets.settings import Settings
from cdp_assets.sql_text import literal

MARTS, CONTACT, BEFORE = "onefold", "contact_file", "before_file"  # the aliases of the files
SECONDS, MEMORY = 10.0, "192MB"
PATIENCE = 8.0  # seconds for which a generation that is being warmed up is not shown yet
KEPT_ANSWERS, KEPT_CONNECTIONS = 400, 3
Parameters = tuple[object, ...]


class QueryStopped(RuntimeError):
    """A page's question took longer than it may."""


@dataclass(frozen=True)
class Published:
    """One generation. Its files come from one look at the link, so they belong together; `version` changes when they do."""

    generation: str
    marts_path: str
    contact_path: str | None
    version: str

    @property
    def published_at(self) -> datetime:
        """When the files were written, UTC (the disk's clock; no figure depends on it)."""
        return datetime.fromtimestamp(Path(self.marts_path).stat().st_mtime, tz=UTC)

    def ask(self, sql: str, *parameters: object) -> pd.DataFrame:
        """Answer of one query on the schema `marts`, cached for as long as this generation is shown. Not to be changed."""
        return _CACHE.answer(self, sql, parameters)

    def ask_contact(self, sql: str, *parameters: object) -> pd.DataFrame:
        """Answer of one query that may read `contact`; never cached. Who may ask, and that it is noted, is the page's part."""
        if self.contact_path is None:
            raise PermissionError("this generation has no contact file")
        con = _CACHE.connection(self.version, self.marts_path, {CONTACT: self.contact_path})
        return _answer(con, sql, parameters)

    def ask_both(self, before: Published, sql: str, *parameters: object) -> pd.DataFrame:
        """Answer of one query that compares this generation with an earlier one (alias `before_file`)."""
        con = _CACHE.connection(self.version, self.marts_path, {BEFORE: before.marts_path})
        return _answer(con, sql, parameters)

    def tables(self) -> frozenset[str]:
        """Names of the marts of this generation."""
        found = self.ask(
            "select table_name from duckdb_tables() where database_name = ? and schema_name = 'marts'", MARTS
        )
        return frozenset(found["table_name"])

    def contact_tables(self) -> frozenset[str]:
        """Names of the tables in clear of this generation."""
        if self.contact_path is None:
            return frozenset()
        found = self.ask_contact(
            "select table_name from duckdb_tables() where database_name = ? and schema_name = 'contact'",
            CONTACT,
        )
        return frozenset(found["table_name"])

    def missing(self, names: Sequence[str]) -> list[str]:
        """Those of the named marts that this generation does not hold."""
        return sorted(set(names) - self.tables())

    def definitions(self) -> pd.DataFrame:
        """The dictionary. One row per column: table_name, table_comment, row_count, column_name, data_type, comment."""
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


class _Cache:
    """Answers and connections of this process, the oldest dropped first; those of a generation that went are let go."""

    def __init__(self) -> None:
        self._answers: OrderedDict[tuple[str, str, Parameters], pd.DataFrame] = OrderedDict()
        self._connections: OrderedDict[tuple[str, tuple[str, ...]], duckdb.DuckDBPyConnection] = OrderedDict()
        self._lock = threading.Lock()

    def answer(self, shown: Published, sql: str, parameters: Parameters) -> pd.DataFrame:
        key = (shown.version, sql, tuple(map(_hashable, parameters)))
        with self._lock:
            found = self._answers.get(key)
            if found is not None:
                self._answers.move_to_end(key)
                return found
        found = _answer(self.connection(shown.version, shown.marts_path, {}), sql, parameters)
        with self._lock:
            self._answers[key] = found
            while len(self._answers) > KEPT_ANSWERS:
                self._answers.popitem(last=False)
        return found

    def connection(self, version: str, marts_path: str, others: dict[str, str]) -> duckdb.DuckDBPyConnection:
        key = (version, tuple(others.values()))
        with self._lock:
            con = self._connections.get(key)
            if con is None:
                con = open_read_only(marts_path, others, memory_limit=MEMORY)
                self._connections[key] = con
                while len(self._connections) > KEPT_CONNECTIONS:
                    self._connections.popitem(last=False)  # closed when its last cursor is done
            self._connections.move_to_end(key)
            return con

    def keep_only(self, version: str) -> None:
        """Let go what belongs to other generations, such as one that was withdrawn or revised."""
        with self._lock:
            for key in [key for key in self._answers if key[0] != version]:
                del self._answers[key]
            for name in [name for name in self._connections if name[0] != version]:
                del self._connections[name]


_CACHE = _Cache()


class _Shown:
    """Which generation this process shows of each published folder: a new one once it was warmed up, or after a few seconds at most."""

    def __init__(self) -> None:
        self._shown: dict[str, Published] = {}
        self._seen_at: dict[str, float] = {}  # version that waits to be shown → when it was first seen
        self._ready: set[str] = set()
        self._watched: set[str] = set()
        self._lock = threading.Lock()

    def watch(self, folder: str, *, is_watched: bool) -> None:
        """Somebody warms up the new generations of a folder, or no longer does."""
        with self._lock:
            (self._watched.add if is_watched else self._watched.discard)(folder)

    def is_ready(self, version: str) -> None:
        with self._lock:
            self._ready.add(version)

    def choose(self, folder: str, newest: Published) -> Published:
        with self._lock:
            before = self._shown.get(folder)
            if (
                before is not None
                and before.version != newest.version
                and self._waits(folder, before, newest)
            ):
                return before
            if before is None or before.version != newest.version:
                self._shown[folder] = newest
                self._seen_at.clear()
                self._ready = {newest.version}
                _CACHE.keep_only(newest.version)
            return newest

    def _waits(self, folder: str, before: Published, newest: Published) -> bool:
        """Whether readers still see the generation before, since the new one would keep its first reader waiting."""
        since = self._seen_at.setdefault(newest.version, time.monotonic())
        is_there = Path(before.marts_path).exists()
        return (
            is_there
            and folder in self._watched
            and newest.version not in self._ready
            and time.monotonic() - since < PATIENCE
        )


SHOWN = _Shown()


def newest_published(settings: Settings) -> Published | None:
    """The generation that the link names now, or None before the first; looks anew at every call."""
    files = current_files(settings)
    if files is None or not files.marts.exists():
        return None
    return _published(files.generation, files.marts, files.contact)


def current_published(settings: Settings) -> Published | None:
    """The generation that this process shows: the one that the link names; where one is being warmed up, for some seconds the one before."""
    newest = newest_published(settings)
    return None if newest is None else SHOWN.choose(str(settings.published_dir), newest)


def previous_published(shown: Published) -> Published | None:
    """The generation before the shown one, if its files are still kept (masked marts only)."""
    folder = Path(shown.marts_path).parent
    older = sorted(
        path for path in folder.parent.glob("g[0-9]*") if path.name < folder.name and path.is_dir()
    )
    marts = older[-1] / "marts.duckdb" if older else None
    return _published(marts.parent.name, marts, None) if marts and marts.exists() else None


def _published(generation: str, marts: Path, contact: Path | None) -> Published:
    real = Path(os.path.realpath(marts))
    stat = real.stat()
    clear = os.path.realpath(contact) if contact is not None and contact.exists() else None
    return Published(generation, str(real), clear, f"{generation}-{real}-{stat.st_ino}-{stat.st_mtime_ns}")


def open_read_only(
    marts_path: str, others: dict[str, str], *, memory_limit: str, threads: int = 2
) -> duckdb.DuckDBPyConnection:
    """A connection that sees the published schemas and can neither write, nor read other files, nor be told to."""
    con = duckdb.connect(
        ":memory:", config={"memory_limit": memory_limit, "threads": threads, "temp_directory": ""}
    )
    con.execute(f"attach {literal(marts_path)} as {MARTS} (read_only)")
    for alias, path in others.items():
        con.execute(f"attach {literal(path)} as {alias} (read_only)")
    con.execute(f"use {MARTS}.marts")
    con.execute("set enable_external_access = false")
    con.execute("set lock_configuration = true")
    return con


def _hashable(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


def _answer(con: duckdb.DuckDBPyConnection, sql: str, parameters: Parameters) -> pd.DataFrame:
    cursor = con.cursor()
    timer = threading.Timer(SECONDS, cursor.interrupt)
    timer.daemon = True
    timer.start()
    try:
        cursor.execute(f"use {MARTS}.marts")
        found: pd.DataFrame = cursor.execute(sql, list(parameters)).df()
        return found
    except duckdb.InterruptException as error:
        raise QueryStopped(f"a page's query took more than {SECONDS:.0f} seconds") from error
    finally:
        timer.cancel()
        cursor.close()
