"""The published files as the site opens them: read-only, without access to anything else, one connection per generation.

Which generation is current is `publishing`'s to say. Nothing is drawn here, and only the published schemas are read.
"""

from __future__ import annotations

import os
import shutil
import tempfile
import threading
import time
from collections import OrderedDict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import lru_cache
from pathlib import Path

import duckdb
import pandas as pd

from cdp_assets.publishing.generations import current_files
from cdp_assets.settings import Settings
from cdp_assets.sql_text import literal

MARTS, CONTACT, BEFORE = "onefold", "contact_file", "before_file"  # the aliases of the files
# Of one connection; what takes more memory is spilled, as far as SPILLED.
SECONDS, MEMORY, THREADS = 10.0, "48MB", 2
SPILLED = "2GB"
WAIT = 20.0  # seconds for a turn among the queries of this process
PATIENCE = 60.0  # seconds for which a generation that is being warmed up is not shown yet
PATIENCE_BACK = 8.0  # the same where the shown one was withdrawn or revised
KEPT_ANSWERS, KEPT_CONNECTIONS = 400, 3
LARGEST_KEPT, MOST_KEPT = 4 << 20, 32 << 20  # bytes of one cached answer, and of all
Parameters = tuple[object, ...]
Question = tuple[str, Parameters]


class QueryStopped(RuntimeError):
    """A page's question took longer or more memory than it may."""


@dataclass
class Limits:
    """What queries of this process may take; the process that no reader waits for allows itself more."""

    seconds: float = SECONDS


LIMITS = Limits()


@dataclass(frozen=True)
class Published:
    """One generation. Its files come from one look at the link, so they belong together; `version` changes when they do."""

    generation: str
    marts_path: str
    contact_path: str | None
    version: str
    scratch: Path  # where queries that need more than their memory put the rest, owner-only

    @property
    def published_at(self) -> datetime:
        """When the files were written, UTC (the disk's clock; no figure depends on it)."""
        return datetime.fromtimestamp(Path(self.marts_path).stat().st_mtime, tz=UTC)

    def ask(self, sql: str, *parameters: object) -> pd.DataFrame:
        """Answer of one query on the schema `marts`, cached for as long as this generation is shown. Not to be changed."""
        return _CACHE.answer(self, sql, parameters)

    def ask_once(self, sql: str, *parameters: object) -> pd.DataFrame:
        """Answer of one query on the schema `marts`, not cached."""
        return _answer(_CACHE.connection(self, {}), sql, parameters)

    def ask_contact(self, sql: str, *parameters: object) -> pd.DataFrame:
        """Answer of one query that may read `contact`; never cached. Who may ask, and that it is noted, is the page's part."""
        if self.contact_path is None:
            raise PermissionError("this generation has no contact file")
        con = _CACHE.connection(self, {CONTACT: self.contact_path}, may_spill=False)
        return _answer(con, sql, parameters)

    def ask_both(self, before: Published, sql: str, *parameters: object) -> pd.DataFrame:
        """Answer of one query that compares this generation with an earlier one (alias `before_file`), cached. Not to be changed."""
        return _CACHE.answer(self, sql, parameters, before)

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
        return dict(_column_comments(self, tables))

    def as_of_date(self) -> date | None:
        """The run's business date, which the calendar mart ends with."""
        if self.missing(["dates"]):
            return None
        last = self.ask("select max(date_day) as as_of_date from dates")["as_of_date"].iloc[0]
        return None if pd.isna(last) else pd.Timestamp(last).date()


@lru_cache(maxsize=256)
def _column_comments(shown: Published, tables: tuple[str, ...]) -> Mapping[str, str]:
    found = shown.definitions()
    wanted = found[found["table_name"].isin(tables) & found["comment"].notna()]
    rows = zip(wanted["table_name"], wanted["column_name"], wanted["comment"], strict=True)
    by_rank = sorted(rows, key=lambda row: tables.index(row[0]), reverse=True)
    return {column: comment for _, column, comment in by_rank}


class _Cache:
    """Answers and connections of this process, the oldest dropped first; those of a generation that went are let go."""

    def __init__(self) -> None:
        self._answers: OrderedDict[tuple[str, str, Parameters], pd.DataFrame] = OrderedDict()
        self._sizes: dict[tuple[str, str, Parameters], int] = {}
        self._connections: OrderedDict[tuple[str, tuple[str, ...]], duckdb.DuckDBPyConnection] = OrderedDict()
        self._lock = threading.Lock()

    def answer(
        self, shown: Published, sql: str, parameters: Parameters, before: Published | None = None
    ) -> pd.DataFrame:
        asked = sql if before is None else f"{before.version}\n{sql}"
        key = (shown.version, asked, tuple(map(_hashable, parameters)))
        with self._lock:
            found = self._answers.get(key)
            if found is not None:
                self._answers.move_to_end(key)
                return found
        others = {} if before is None else {BEFORE: before.marts_path}
        found = _answer(self.connection(shown, others), sql, parameters)
        self._keep(key, found)
        return found

    def _keep(self, key: tuple[str, str, Parameters], found: pd.DataFrame) -> None:
        size = int(found.memory_usage(deep=True).sum())
        if size > LARGEST_KEPT:
            return
        with self._lock:
            self._answers[key], self._sizes[key] = found, size
            while len(self._answers) > KEPT_ANSWERS or sum(self._sizes.values()) > MOST_KEPT:
                oldest, _ = self._answers.popitem(last=False)
                del self._sizes[oldest]

    def kept(self, version: str) -> dict[Question, pd.DataFrame]:
        """The answers of one generation that are cached now."""
        with self._lock:
            return {(key[1], key[2]): found for key, found in self._answers.items() if key[0] == version}

    def take_in(self, version: str, answers: Mapping[Question, pd.DataFrame]) -> None:
        """Cache answers that another process got from the same generation."""
        for (sql, parameters), found in answers.items():
            self._keep((version, sql, parameters), found)

    def connection(
        self, shown: Published, others: dict[str, str], *, may_spill: bool = True
    ) -> duckdb.DuckDBPyConnection:
        key = (shown.version, tuple(others.values()))
        with self._lock:
            con = self._connections.get(key)
            if con is None:
                spill = _spill_folder(shown.scratch) if may_spill else None
                con = open_read_only(shown.marts_path, others, memory_limit=MEMORY, spill=spill)
                self._connections[key] = con
                while len(self._connections) > KEPT_CONNECTIONS:
                    self._connections.popitem(last=False)  # closed when its last cursor is done
            self._connections.move_to_end(key)
            return con

    def keep_only(self, version: str) -> None:
        """Let go what belongs to other generations, such as one that was withdrawn or revised."""
        with self._lock:
            for key in [key for key in self._answers if key[0] != version]:
                del self._answers[key], self._sizes[key]
            for name in [name for name in self._connections if name[0] != version]:
                del self._connections[name]


_CACHE = _Cache()
kept_answers, take_in_answers = _CACHE.kept, _CACHE.take_in


_spill: dict[Path, str] = {}


def spill_folder(shown: Published) -> str:
    """Where a query of this process puts what does not fit its memory."""
    return _spill_folder(shown.scratch)


def _spill_folder(scratch: Path) -> str:
    """This process's own folder under scratch, made once; those of processes that are gone are removed."""
    if scratch not in _spill:
        scratch.mkdir(parents=True, exist_ok=True, mode=0o700)
        for left in scratch.glob("[0-9]*-*"):
            if not Path(f"/proc/{left.name.partition('-')[0]}").exists():
                shutil.rmtree(left, ignore_errors=True)
        _spill[scratch] = tempfile.mkdtemp(prefix=f"{os.getpid()}-", dir=scratch)
    return _spill[scratch]


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
        patience = PATIENCE if newest.generation > before.generation else PATIENCE_BACK
        return (
            is_there
            and folder in self._watched
            and newest.version not in self._ready
            and time.monotonic() - since < patience
        )


SHOWN = _Shown()


def newest_published(settings: Settings) -> Published | None:
    """The generation that the link names now, or None before the first; looks anew at every call."""
    files = current_files(settings)
    if files is None or not files.marts.exists():
        return None
    return _published(files.generation, files.marts, files.contact, settings.home / "web" / "spill")


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
    return _published(marts.parent.name, marts, None, shown.scratch) if marts and marts.exists() else None


def _published(generation: str, marts: Path, contact: Path | None, scratch: Path) -> Published:
    real = Path(os.path.realpath(marts))
    stat = real.stat()
    clear = os.path.realpath(contact) if contact is not None and contact.exists() else None
    version = f"{generation}-{real}-{stat.st_ino}-{stat.st_mtime_ns}"
    return Published(generation, str(real), clear, version, scratch)


def open_read_only(
    marts_path: str, others: dict[str, str], *, memory_limit: str, spill: str | None = None
) -> duckdb.DuckDBPyConnection:
    """A connection that sees the published schemas and can neither write, nor read other files, nor be told to.

    spill: a folder for what does not fit the memory; without one, a query that needs more is refused.
    """
    limits: dict[str, str | int] = {
        "memory_limit": memory_limit,
        "threads": THREADS,
        "temp_directory": spill or "",
    }
    if spill is not None:
        limits["max_temp_directory_size"] = SPILLED
    con = duckdb.connect(":memory:", config=limits)
    con.execute(f"attach {literal(marts_path)} as {MARTS} (read_only)")
    for alias, path in others.items():
        con.execute(f"attach {literal(path)} as {alias} (read_only)")
    con.execute(f"use {MARTS}.marts")
    con.execute("set enable_external_access = false")
    con.execute("set lock_configuration = true")
    return con


def _hashable(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


class _Turns:
    """Queries that run at once in this process; one that did not fit beside others is asked again alone."""

    def __init__(self, most: int) -> None:
        self._most, self._taken = most, 0
        self._alone = threading.Lock()  # so that two of them do not wait for each other's half
        self._changed = threading.Condition()

    @contextmanager
    def take(self, *, alone: bool = False) -> Iterator[None]:
        number = self._most if alone else 1
        with self._alone if alone else nullcontext(), self._changed:
            if not self._changed.wait_for(lambda: self._taken + number <= self._most, WAIT):
                raise QueryStopped("other queries took longer than a page waits")
            self._taken += number
        try:
            yield
        finally:
            with self._changed:
                self._taken -= number
                self._changed.notify_all()


_TURNS = _Turns(2)


def _answer(con: duckdb.DuckDBPyConnection, sql: str, parameters: Parameters) -> pd.DataFrame:
    try:
        with _TURNS.take():
            return _asked(con, sql, parameters)
    except duckdb.OutOfMemoryException:
        pass
    try:
        with _TURNS.take(alone=True):
            return _asked(con, sql, parameters)
    except duckdb.OutOfMemoryException as error:
        raise QueryStopped("a page's query took more memory than it may") from error


def _asked(con: duckdb.DuckDBPyConnection, sql: str, parameters: Parameters) -> pd.DataFrame:
    cursor = con.cursor()
    timer = threading.Timer(LIMITS.seconds, cursor.interrupt)
    timer.daemon = True
    timer.start()
    try:
        cursor.execute(f"use {MARTS}.marts")
        found: pd.DataFrame = cursor.execute(sql, list(parameters)).df()
        return found
    except duckdb.InterruptException as error:
        raise QueryStopped(f"a page's query took more than {LIMITS.seconds:.0f} seconds") from error
    finally:
        timer.cancel()
        cursor.close()
