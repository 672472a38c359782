"""What Onefold asks of its engine, DuckDB, once: the storage version of its files, instances lent again, tables given from memory.

A new instance of DuckDB 2 takes 25 ms of processor, for all the functions that it registers; a database attached to one that
stands takes less than two. So what opens a database for a moment borrows an instance, alone, and leaves it as it found it.

What engine-specific SQL looks like does not belong here (that is `dbt_project/macros/engine/`), nor do limits of memory and
threads, which are settings.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from cdp_assets.sql_text import identifier, literal

# The oldest DuckDB that may read our files. Its own default is the newest: files that 1.x clients cannot open, and no way back.
# A file that exists keeps the version that it was made with.
STORAGE_VERSION = "v1.4.0"

STORAGE: dict[str, str | bool | int | float | list[str]] = {"storage_compatibility_version": STORAGE_VERSION}
"""Configuration of a connection that may make a database file."""

OWN_DATABASE = "memory"  # of each instance; nothing is put there
IDLE_AT_MOST = 4

_lock = threading.Lock()
_idle: list[duckdb.DuckDBPyConnection] = []
# What is on the disk is read, not what an earlier borrower saw of it. Nothing is spilled but where somebody says: DuckDB's own choice for what is
# in memory is the folder that the process was started in, where nobody looks for customers.
SPILL, NOWHERE = "temp_directory", ""
_LENT: dict[str, str | bool | int | float | list[str]] = {"enable_external_file_cache": False, SPILL: NOWHERE}


class HeldForReading(RuntimeError):
    """This process has the file open for reading only, and somebody wants to write."""


def is_locked(error: BaseException) -> bool:
    """Whether a file could not be opened because another process has it open."""
    return isinstance(error, duckdb.IOException) and "Could not set lock" in str(error)


@dataclass
class _File:
    """A database file that this process has open: the instance, how many use it."""

    instance: duckdb.DuckDBPyConnection
    read_only: bool
    users: int = 0
    is_spoiled: bool = False


_files: dict[Path, _File] = {}


def _after_fork() -> None:
    """A child has none of the threads of its parent's instances; they are left alone, not closed."""
    global _idle, _files, _lock
    _left.append((_idle, _files))
    _idle, _files, _lock = [], {}, threading.Lock()


_left: list[object] = []
os.register_at_fork(after_in_child=_after_fork)


@contextmanager
def scratch(limits: Mapping[str, Any] | None = None) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection with an empty database in memory, on an instance that nobody else uses meanwhile.

    limits: memory_limit, threads, temp_directory, for as long. Whoever sets anything else for the whole instance (`set global`, locks,
    extensions, functions in Python) opens one of his own.
    """
    with _lock:
        instance = _borrow()
    is_whole = False
    try:
        con = instance.cursor()
        try:
            for name, value in (limits or {}).items():
                con.execute(f"set global {identifier(name)} = {literal(value)}")
            con.execute("attach ':memory:' as scratch")
            con.execute("use scratch")
            yield con
        finally:
            con.close()
        is_whole = True
    finally:
        with _lock:
            _give_back(instance, is_whole, limits or {})


@contextmanager
def database(path: Path, *, read_only: bool = False) -> Iterator[duckdb.DuckDBPyConnection]:
    """A connection to a database file, named as the file without its suffix; who opens it again meanwhile shares it.

    Raises what DuckDB raises of a file that is not there, locked or damaged, and HeldForReading.
    """
    path = path.absolute()
    file = _open(path, read_only)
    con = file.instance.cursor()
    try:
        con.execute(f"use {identifier(path.stem)}")
        yield con
    except BaseException:
        file.is_spoiled = True
        raise
    finally:
        con.close()
        _close(path, file)


def _open(path: Path, read_only: bool) -> _File:
    with _lock:
        if file := _files.get(path):
            if file.read_only and not read_only:
                raise HeldForReading(f"this process reads {path} just now")
        else:
            instance = _borrow()
            how = "read_only" if read_only else f"storage_version {literal(STORAGE_VERSION)}"
            try:
                instance.execute(f"attach {literal(path)} as {identifier(path.stem)} ({how})")
                if not read_only:  # as DuckDB does with a file that it opens itself
                    instance.execute(f"set global {SPILL} = {literal(f'{path}.tmp')}")
            except BaseException:
                instance.close()
                raise
            file = _files[path] = _File(instance, read_only)
        file.users += 1
        return file


def _close(path: Path, file: _File) -> None:
    with _lock:
        file.users -= 1
        if file.users:
            return
        del _files[path]
        _give_back(file.instance, not file.is_spoiled, () if file.read_only else (SPILL,))


def _borrow() -> duckdb.DuckDBPyConnection:
    return _idle.pop() if _idle else duckdb.connect(config=_LENT)


def _give_back(instance: duckdb.DuckDBPyConnection, is_whole: bool, limits: Iterable[str] = ()) -> None:
    """Take off what was attached and set, for the next; one in which anything went wrong is closed: a fatal error spoils all of it."""
    is_kept = is_whole and len(_idle) < IDLE_AT_MOST
    if is_kept:
        try:
            found = instance.execute(
                "select database_name from duckdb_databases() where not internal"
            ).fetchall()
            for name in {name for (name,) in found} - {OWN_DATABASE}:
                instance.execute(f"detach {identifier(name)}")
            for name in limits:
                if name == SPILL:
                    instance.execute(f"set global {SPILL} = {literal(NOWHERE)}")
                else:
                    instance.execute(f"reset global {identifier(name)}")
        except duckdb.Error:  # a temporary folder that was used cannot be changed
            is_kept = False
    if is_kept:
        _idle.append(instance)
    else:
        instance.close()


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
