"""Dagster's own store of events, on SQLite files that stay open while a run goes on.

Dagster opens a file anew for each of the thousand events of a run, and forgets with the engine what SQL it had compiled. Here an
engine is kept per file; tables, transactions and files are Dagster's, so its page and its daemon read them as ever.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import sqlalchemy as db
from dagster._core.storage.event_log import SqliteEventLogStorage
from dagster._core.storage.event_log.schema import AssetCheckExecutionsTable
from dagster._core.storage.event_log.sqlite.sqlite_event_log import INDEX_SHARD_NAME
from dagster._core.storage.sql import create_engine
from dagster._core.storage.sqlite import SQLITE_BUSY_TIMEOUT_SECONDS
from sqlalchemy.pool import NullPool, StaticPool

MOST_OPEN = 8  # files; the web page looks through those of many runs


class OpenSqliteEventLogStorage(SqliteEventLogStorage):
    """SqliteEventLogStorage that keeps its latest files open. What a crash of the machine may cost is the last events, never the file."""

    def __init__(self, base_dir: str, inst_data: Any = None) -> None:
        self._engines: dict[str, db.Engine] = {}
        super().__init__(base_dir, inst_data)

    @classmethod
    def from_config_value(cls, inst_data: Any, config_value: Any) -> OpenSqliteEventLogStorage:
        return cls(inst_data=inst_data, **config_value)

    @contextmanager
    def _connect(self, shard: str) -> Iterator[db.Connection]:
        # One transaction at a time, so one connection serves all threads.
        with self._db_lock, self._engine(shard).begin() as connection:
            yield connection

    def _engine(self, shard: str) -> db.Engine:
        engine = self._engines.pop(shard, None)
        if engine is None:
            engine = create_engine(
                self.conn_string_for_shard(shard),
                poolclass=StaticPool,
                connect_args={"timeout": SQLITE_BUSY_TIMEOUT_SECONDS, "check_same_thread": False},
            )
            self._initdb(engine)
            with engine.connect() as connection:
                connection.execute(db.text("pragma synchronous = normal"))
        self._engines[shard] = engine
        while len(self._engines) > MOST_OPEN:
            self._engines.pop(next(iter(self._engines))).dispose()
        return engine

    def has_table(self, table_name: str) -> bool:
        return table_name in self._tables

    @cached_property
    def _tables(self) -> frozenset[str]:
        """What the index holds; asked within its transactions, so on an engine of its own."""
        engine = create_engine(self.conn_string_for_shard(INDEX_SHARD_NAME), poolclass=NullPool)
        return frozenset(db.inspect(engine).get_table_names())

    def delete_events(self, run_id: str) -> None:
        """Dagster empties a run's file, and leaves what its checks said in the index; here both go."""
        super().delete_events(run_id)
        with self.index_connection() as connection:
            connection.execute(
                AssetCheckExecutionsTable.delete().where(AssetCheckExecutionsTable.c.run_id == run_id)
            )
        if (engine := self._engines.pop(run_id, None)) is not None:
            engine.dispose()
        path = Path(self.path_for_shard(run_id))
        for each in (path, *(path.with_name(path.name + ending) for ending in ("-wal", "-shm"))):
            each.unlink(missing_ok=True)

    def wipe(self) -> None:
        self._close()
        super().wipe()

    def dispose(self) -> None:
        super().dispose()
        self._close()

    def _close(self) -> None:
        while self._engines:
            self._engines.popitem()[1].dispose()
