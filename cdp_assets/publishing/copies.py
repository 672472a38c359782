"""Copies of the build: DuckDB and Parquet files of one generation, written, checked by reopening, and made read-only.

Which generation readers see is not decided here (see `generations`).
"""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from cdp_assets.engine import STORAGE_VERSION
from cdp_assets.publishing.fingerprint import columns_of, fingerprint, fingerprint_of, quoted
from cdp_assets.settings import Settings
from cdp_assets.sql_text import literal
from cdp_assets.state import connect_state

MARTS_FILE, CONTACT_FILE, PARQUET_FOLDER = "marts.duckdb", "contact.duckdb", "parquet"
# DuckDB names a database after its file, and `marts.orders` is ambiguous where database and schema are both `marts`.
# So the files have names of their own, and the names that people know are links to them.
STORED_AS = {MARTS_FILE: "masked.duckdb", CONTACT_FILE: "in_clear.duckdb"}
OWNER_READS, GROUP_READS = 0o400, 0o440

Reached = Callable[[str], None]


@dataclass(frozen=True)
class Masks:
    """How marts are read where cells of theirs must not be shown.

    `prepare` makes in a connection what `relation` needs; `relation` gives a mart's name its SQL, or None: as it is.
    """

    prepare: Callable[[duckdb.DuckDBPyConnection], None]
    relation: Callable[[str], str | None]


NO_MASKS = Masks(lambda _: None, lambda _: None)


class PublishProblem(RuntimeError):
    """A generation could not be written or checked; nothing was published."""


@dataclass(frozen=True)
class PublishedTable:
    """One table of a generation. Grain of a list of these: one per file and table."""

    file_name: str
    table_name: str
    row_count: int
    fingerprint: str


def write_copies(
    settings: Settings, folder: Path, reached: Reached, masks: Masks
) -> tuple[PublishedTable, ...]:
    """Write marts.duckdb (masked), contact.duckdb (in clear, owner-only) and parquet/ (the masked marts) into folder.

    Raises PublishProblem where a copy differs from the build or cannot be published as it is.
    """
    marts_mode = GROUP_READS if settings.group_readable else OWNER_READS
    tables: list[PublishedTable] = []
    for schema, file_name, mode in (
        ("marts", MARTS_FILE, marts_mode),
        ("contact", CONTACT_FILE, OWNER_READS),
    ):
        path = folder / STORED_AS[file_name]
        copied = _copy_schema(settings, schema, path, file_name, masks if schema == "marts" else NO_MASKS)
        reached(f"publish/{file_name} written")
        _check_copy(path, schema, copied)
        _seal(path, mode)
        (folder / file_name).symlink_to(path.name)
        reached(f"publish/{file_name} checked")
        tables += copied
    write_parquet(folder, [table for table in tables if table.file_name == MARTS_FILE], marts_mode)
    reached(f"publish/{PARQUET_FOLDER} written")
    return tuple(tables)


def relations_of(con: duckdb.DuckDBPyConnection, database: str, schema: str) -> list[str]:
    """Names of the tables and views of one schema, sorted."""
    rows = con.execute(
        "select table_name from duckdb_tables() where database_name = $db and schema_name = $schema "
        "union all select view_name from duckdb_views() where database_name = $db and schema_name = $schema order by 1",
        {"db": database, "schema": schema},
    ).fetchall()
    return [row[0] for row in rows]


def sync(path: Path) -> None:
    """Make a file's bytes, or a folder's entries, last through a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


text = literal  # as publishing calls it


def _copy_schema(
    settings: Settings, schema: str, path: Path, file_name: str, masks: Masks
) -> list[PublishedTable]:
    con = duckdb.connect(config=settings.duckdb_limits)
    try:
        con.execute(f"attach {text(settings.warehouse_path)} as warehouse (read_only)")
        con.execute(f"attach {text(path)} as target (storage_version {text(STORAGE_VERSION)})")
        con.execute(f"create schema target.{quoted(schema)}")
        masks.prepare(con)
        names = relations_of(con, "warehouse", schema)
        if schema == "marts" and not names:
            raise PublishProblem("the warehouse has no marts: run `onefold run`, which builds them first")
        tables = [_copy_table(con, schema, name, file_name, masks) for name in names]
        _copy_comments(con, schema)
        con.execute("checkpoint target")
        con.execute("detach target")
        return tables
    finally:
        con.close()


def _copy_table(
    con: duckdb.DuckDBPyConnection, schema: str, name: str, file_name: str, masks: Masks
) -> PublishedTable:
    source = masks.relation(name) or f"warehouse.{quoted(schema, name)}"
    con.execute(f"create table target.{quoted(schema, name)} as select * from {source}")
    before = fingerprint_of(con, source, columns_of(con, "warehouse", schema, name))
    after = fingerprint(con, "target", schema, name)
    if before != after:
        raise PublishProblem(f"the copy of {schema}.{name} differs from the build: run again")
    if any("ENUM" in kind for _, kind in columns_of(con, "target", schema, name)):
        raise PublishProblem(f"{schema}.{name} has an ENUM column, which keeps values: cast it to text")
    return PublishedTable(file_name, name, *after)


def _copy_comments(con: duckdb.DuckDBPyConnection, schema: str) -> None:
    """Carry the descriptions that dbt persisted, so that whoever opens the file can read them."""
    comments = con.execute(
        """
        select 'table', [table_name], comment from duckdb_tables() where database_name = 'warehouse' and schema_name = $schema
        union all
        select 'table', [view_name], comment from duckdb_views() where database_name = 'warehouse' and schema_name = $schema
        union all
        select 'column', [table_name, column_name], comment from duckdb_columns()
        where database_name = 'warehouse' and schema_name = $schema
        """,
        {"schema": schema},
    ).fetchall()
    con.begin()
    for kind, path, comment in comments:
        if comment:
            con.execute(f"comment on {kind} target.{quoted(schema, *path)} is {text(comment)}")
    con.commit()


def _check_copy(path: Path, schema: str, tables: list[PublishedTable]) -> None:
    """Read every table back from a new connection: what the disk holds is what was built."""
    if path.with_name(path.name + ".wal").exists():
        raise PublishProblem(f"{path.name} has an unmerged write-ahead log: run again")
    con = duckdb.connect(str(path), read_only=True)
    try:
        for table in tables:
            found = fingerprint(con, path.stem, schema, table.table_name)
            if found != (table.row_count, table.fingerprint):
                raise PublishProblem(
                    f"{schema}.{table.table_name} reads differently after writing: check the disk"
                )
    finally:
        con.close()


def write_parquet(folder: Path, tables: list[PublishedTable], mode: int) -> None:
    """One Parquet file per mart, written from the checked masked file and read back."""
    target = folder / PARQUET_FOLDER
    target.mkdir()
    target.chmod(0o750 if mode == GROUP_READS else 0o700)
    con = duckdb.connect()
    try:
        con.execute(f"attach {text(folder / MARTS_FILE)} as published (read_only)")
        for table in tables:
            path = target / f"{table.table_name}.parquet"
            columns = columns_of(con, "published", "marts", table.table_name)
            con.execute(
                f"copy (select {_parquet_columns(columns)} from published.{quoted('marts', table.table_name)}) "
                f"to {text(path)} (format parquet, compression zstd)"
            )
            back = ", ".join(f"cast({quoted(name)} as {kind}) as {quoted(name)}" for name, kind in columns)
            found = fingerprint_of(con, f"(select {back} from read_parquet({text(path)}))", columns)
            if found != (table.row_count, table.fingerprint):
                raise PublishProblem(
                    f"the Parquet copy of marts.{table.table_name} reads differently: cast columns of types that "
                    "Parquet lacks in the model"
                )
            _seal(path, mode)
    finally:
        con.close()


def verify_generations(settings: Settings) -> list[str]:
    """Tables of the generations on disk that no longer have the fingerprint which they were published with, in words."""
    with connect_state(settings, read_only=True) as state:
        rows = state.execute(
            "select generation, file_name, table_name, row_count, fingerprint from generation_tables "
            "inner join generations using (generation) where status <> 'removed' order by all"
        ).fetchall()
    wrong = []
    for generation, file_name, name, count, expected in rows:
        path = settings.published_dir / generation / STORED_AS[file_name]
        schema = Path(file_name).stem
        try:
            with duckdb.connect(str(path), read_only=True) as con:
                is_same = fingerprint(con, path.stem, schema, name) == (count, expected)
        except duckdb.Error:
            is_same = False
        if not is_same:
            wrong.append(f"{generation}/{file_name}: {schema}.{name} is not what was published")
    return wrong


def _parquet_columns(columns: list[tuple[str, str]]) -> str:
    """Parquet has no 128-bit integer; DuckDB would write a float, which loses digits."""
    return ", ".join(
        f"cast({quoted(name)} as decimal(38, 0)) as {quoted(name)}" if "HUGEINT" in kind else quoted(name)
        for name, kind in columns
    )


def _seal(path: Path, mode: int) -> None:
    path.chmod(mode)
    sync(path)
