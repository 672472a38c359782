"""Histories: what a run adds to state per `as_of_date`, and what a rollback takes away again.

The build's schema `history` proposes rows; each table has one of the same name in state. No table is named here.
"""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb

from cdp_assets.publishing.copies import text
from cdp_assets.publishing.fingerprint import columns_of
from cdp_assets.publishing.generations import Generation
from cdp_assets.publishing.recovery import Commit
from cdp_assets.sql_text import identifier

HISTORY_SCHEMA = "history"
REPLACED_FOLDER = "replaced"


def keep_histories(generation: Generation, as_of_date: date) -> Commit:
    """A commit that keeps this run's rows of every history, replacing those of the same date.

    A second run of one date counts once. The rows that it replaces go into the generation's folder, so that a rollback
    can put them back.
    """

    def commit(con: duckdb.DuckDBPyConnection, _: str) -> None:
        replaced = generation.folder / REPLACED_FOLDER
        replaced.mkdir(mode=0o700, exist_ok=True)
        names = con.execute(
            "select table_name from duckdb_tables() where database_name = 'warehouse' and schema_name = ? order by 1",
            [HISTORY_SCHEMA],
        ).fetchall()
        for (name,) in names:
            _set_aside(con, name, as_of_date, replaced / f"{name}.parquet")
            columns = ", ".join(
                identifier(column) for column, _ in columns_of(con, "warehouse", HISTORY_SCHEMA, name)
            )
            source = f"warehouse.{identifier(HISTORY_SCHEMA, name)}"
            con.execute(f"delete from {identifier(name)} where as_of_date = ?", [as_of_date])
            con.execute(f"insert into {identifier(name)} ({columns}) select {columns} from {source}")

    return commit


def undo_histories(con: duckdb.DuckDBPyConnection, folder: Path, as_of_date: date) -> None:
    """Put back the rows that the generation in `folder` replaced; rows of its date that replaced none just go."""
    for path in sorted((folder / REPLACED_FOLDER).glob("*.parquet")):
        con.execute(f"delete from {identifier(path.stem)} where as_of_date = ?", [as_of_date])
        con.execute(f"insert into {identifier(path.stem)} by name select * from read_parquet({text(path)})")


def _set_aside(con: duckdb.DuckDBPyConnection, name: str, as_of_date: date, path: Path) -> None:
    con.execute(
        f"copy (select * from {identifier(name)} where as_of_date = {text(as_of_date)}::date) to {text(path)} "
        "(format parquet, compression zstd)"
    )
    path.chmod(0o400)
