"""Tables of a DuckDB file as a folder of Parquet that Spark reads, and back, equal both ways.

A folder is whole or it is refused: `tables.json`, written last, names every table with its columns, rows and fingerprint, and what
is read back must have them. What a table is for does not belong here.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import duckdb

from cdp_assets.engine import STORAGE
from cdp_assets.errors import Problem
from cdp_assets.publishing.fingerprint import fingerprint
from cdp_assets.settings import Settings
from cdp_assets.sql_text import identifier, literal
from cdp_assets.state import connect_state, migrate

LIST = "tables.json"
# Spark has no whole number beyond 64 bits, no JSON type, and calls a time without a zone another type than the models' `timestamp`.
IN_PARQUET = {
    "TIMESTAMP": "timestamptz",
    "HUGEINT": "decimal(38, 0)",
    "UBIGINT": "decimal(20, 0)",
    "JSON": "varchar",
}


class ExchangeProblem(Problem):
    """A folder of tables that is not whole, or is not of this version."""


@dataclass(frozen=True)
class Table:
    """One table as it was written: its columns and DuckDB types, its rows and the fingerprint of its content."""

    schema: str
    name: str
    columns: dict[str, str]
    rows: int
    fingerprint: str

    @property
    def file(self) -> str:
        """Where it stands in the folder."""
        return f"{self.schema}/{self.name}.parquet"

    def rows_below(self, folder: Path) -> str | None:
        """Where its rows are read from: one file, as DuckDB writes it, or a folder of that name with part files, as Spark does; None where there are none."""
        path = folder / self.file
        if path.is_dir():
            return str(path / "*.parquet") if any(path.glob("*.parquet")) else None
        return str(path) if path.exists() else None


def export_table(
    con: duckdb.DuckDBPyConnection, database: str, schema: str, name: str, target: Path
) -> dict[str, str]:
    """Write one table or view as one Parquet file that Spark reads; returns its columns and DuckDB types."""
    relation = identifier(database, schema, name)
    columns = {row[0]: row[1] for row in con.execute(f"describe {relation}").fetchall()}
    chosen = ", ".join(
        f"cast({identifier(column)} as {IN_PARQUET[kind]}) as {identifier(column)}"
        if kind in IN_PARQUET
        else identifier(column)
        for column, kind in columns.items()
    )
    target.parent.mkdir(parents=True, exist_ok=True)
    with _in_utc(con):
        con.execute(f"copy (select {chosen} from {relation}) to {literal(target)} (format parquet)")
    return columns


def export_tables(
    con: duckdb.DuckDBPyConnection, database: str, names: Sequence[tuple[str, str]], folder: Path
) -> list[Table]:
    """Write tables, given as (schema, name), into a new folder; raises ExchangeProblem where it exists. The list comes last."""
    if folder.exists():
        raise ExchangeProblem("the folder is there already", str(folder), "name one that does not exist")
    part = folder.with_name(f"{folder.name}.part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True, mode=0o700)
    written = []
    for schema, name in names:
        rows, content = fingerprint(con, database, schema, name)
        columns = export_table(con, database, schema, name, part / schema / f"{name}.parquet")
        written.append(Table(schema, name, columns, rows, content))
    (part / LIST).write_text(json.dumps([asdict(table) for table in written], indent=1), encoding="utf-8")
    part.replace(folder)
    return written


def read_list(folder: Path) -> list[Table]:
    """The tables of an exported folder. Raises ExchangeProblem where it is not whole."""
    if not (folder / LIST).exists():
        raise ExchangeProblem(
            f"there is no {LIST}: the export did not come to its end",
            str(folder),
            "export again, and copy the folder whole",
        )
    tables = [Table(**each) for each in json.loads((folder / LIST).read_text(encoding="utf-8"))]
    missing = [
        table.file
        for table in tables
        if table.rows_below(folder) is None
        # Sail writes a folder without part files where there are no rows
        and not (table.rows == 0 and (folder / table.file).is_dir())
    ]
    if missing:
        raise ExchangeProblem(
            f"{len(missing)} of {len(tables)} files are missing, {missing[0]} for one",
            str(folder),
            "copy the folder again, whole",
        )
    return tables


def fill_table(con: duckdb.DuckDBPyConnection, database: str, table: Table, folder: Path) -> None:
    """Put an exported table's rows into the table of the same name, which is empty. Raises ExchangeProblem where they are not what was written."""
    relation = identifier(database, table.schema, table.name)
    found = {row[0]: row[1] for row in con.execute(f"describe {relation}").fetchall()}
    if found != table.columns:
        raise ExchangeProblem(
            f"the columns of {table.name} are not those of this version of Onefold",
            str(folder / table.file),
            "import with the version that exported, then upgrade",
        )
    names = ", ".join(identifier(column) for column in table.columns)
    chosen = ", ".join(f"cast({identifier(column)} as {kind})" for column, kind in table.columns.items())
    rows = table.rows_below(folder)
    if rows is not None:
        with _in_utc(con):
            con.execute(
                f"insert into {relation} ({names}) select {chosen} from read_parquet({literal(rows)})"
            )
    if fingerprint(con, database, table.schema, table.name) != (table.rows, table.fingerprint):
        raise ExchangeProblem(
            f"the rows of {table.name} are not those that were exported",
            str(folder / table.file),
            "copy the folder again, or export again",
        )


def export_state(settings: Settings, folder: Path) -> list[Table]:
    """Write every table of state.duckdb into a new folder of Parquet."""
    with connect_state(settings, read_only=True) as con:
        return export_tables(con, _catalog(con), _state_tables(con), folder)


def import_state(settings: Settings, folder: Path) -> list[Table]:
    """Make state.duckdb of an exported folder, in a home that has none; readers see it when it is whole and equal, or not at all."""
    if settings.state_path.exists():
        raise ExchangeProblem(
            "the home has a state already", str(settings.state_path), "import into a new home (ONEFOLD_HOME)"
        )
    tables = read_list(folder)
    workshop = settings.model_copy(update={"home": settings.home / "state.importing"})
    shutil.rmtree(workshop.home, ignore_errors=True)
    try:
        migrate(workshop)
        with duckdb.connect(str(workshop.state_path), config=STORAGE) as con:
            for schema, name in _state_tables(con):
                con.execute(f"delete from {identifier(schema, name)}")
            known = set(_state_tables(con))
            for table in tables:
                if (table.schema, table.name) not in known:
                    raise ExchangeProblem(
                        f"this version of Onefold has no table {table.name}",
                        str(folder),
                        "import with the version that exported",
                    )
                fill_table(con, _catalog(con), table, folder)
        workshop.state_path.replace(settings.state_path)
    finally:
        shutil.rmtree(workshop.home, ignore_errors=True)
    return tables


def _state_tables(con: duckdb.DuckDBPyConnection) -> list[tuple[str, str]]:
    query = "select schema_name, table_name from duckdb_tables() where not internal order by all"
    return [(schema, name) for schema, name in con.execute(query).fetchall()]


def _catalog(con: duckdb.DuckDBPyConnection) -> str:
    return str(con.execute("select current_database()").fetchall()[0][0])


@contextmanager
def _in_utc(con: duckdb.DuckDBPyConnection) -> Iterator[None]:
    """A time without a zone is UTC here, so a cast to one with a zone must be made in UTC."""
    before = con.execute("select current_setting('TimeZone')").fetchall()[0][0]
    con.execute("set TimeZone = 'UTC'")
    try:
        yield
    finally:
        con.execute("set TimeZone = $zone", {"zone": before}) if before != "UTC" else None
