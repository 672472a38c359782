"""Copies of the build: DuckDB and Parquet files of one generation, written, checked by reopening, and made read-only.

Which generation readers see is not decided here (see `generations`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import duckdb

from cdp_assets.engine import STORAGE_VERSION, database, scratch
from cdp_assets.private_files import sync
from cdp_assets.publishing.fingerprint import columns_of, fingerprint, fingerprint_of
from cdp_assets.publishing.keeping import (
    Keeping,
    copy_proved,
    drop_others,
    find_kept,
    is_half_empty,
    link_parquet,
)
from cdp_assets.settings import Settings
from cdp_assets.sql_text import identifier, literal
from cdp_assets.state import connect_state

MARTS_FILE, CONTACT_FILE, PARQUET_FOLDER = "marts.duckdb", "contact.duckdb", "parquet"
# DuckDB names a database after its file, and `marts.orders` is ambiguous where database and schema are both `marts`.
# So the files have names of their own, and the names that people know are links to them.
STORED_AS = {MARTS_FILE: "masked.duckdb", CONTACT_FILE: "in_clear.duckdb"}
OWNER_READS, GROUP_READS = 0o400, 0o440
PARQUET_PACKED = (
    "compression zstd, compression_level 1"  # as small as level 3 on our tables, and a sixth quicker
)

Reached = Callable[[str], None]


@dataclass(frozen=True)
class Masks:
    """How marts are read where cells of theirs must not be shown.

    `prepare` makes in a connection what `relation` needs; `relation` gives a mart's name its SQL, or None: as it is. `tables`: those with such cells.
    """

    prepare: Callable[[duckdb.DuckDBPyConnection], None]
    relation: Callable[[str], str | None]
    tables: frozenset[str] = frozenset()


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
    made_of: str | None = None  # see state's generation_tables


def write_copies(
    settings: Settings, folder: Path, reached: Reached, masks: Masks
) -> tuple[PublishedTable, ...]:
    """Write marts.duckdb (masked), contact.duckdb (in clear, owner-only) and parquet/ (the masked marts) into folder.

    Raises PublishProblem where a copy differs from the build or cannot be published as it is.
    """
    marts_mode = GROUP_READS if settings.group_readable else OWNER_READS
    keeping = find_kept(settings, MARTS_FILE, masks.tables)
    tables: list[PublishedTable] = []
    for schema, file_name, mode, kept, masked in (
        ("marts", MARTS_FILE, marts_mode, keeping, masks),
        ("contact", CONTACT_FILE, OWNER_READS, Keeping(), NO_MASKS),
    ):
        path = folder / STORED_AS[file_name]
        copied, is_whole = _write_file(settings, schema, path, file_name, masked, kept)
        reached(f"publish/{file_name} written")
        _check_copy(path, schema, [each for each in copied if is_whole or each.table_name not in kept.tables])
        _seal(path, mode)
        (folder / file_name).symlink_to(path.name)
        reached(f"publish/{file_name} checked")
        tables += copied
    write_parquet(folder, [table for table in tables if table.file_name == MARTS_FILE], marts_mode, keeping)
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


text = literal  # as publishing calls it


def _write_file(
    settings: Settings, schema: str, path: Path, file_name: str, masks: Masks, keeping: Keeping
) -> tuple[list[PublishedTable], bool]:
    """(tables of a file, whether it was written whole): it begins as a copy of the former one where most of that is kept."""
    if keeping.tables and keeping.folder and keeping.is_worth_a_copy(_row_counts(settings, schema, keeping)):
        if copy_proved(keeping.folder / path.name, path, keeping.hashes.get(path.name)):
            copied = _copy_schema(settings, schema, path, file_name, masks, keeping)
            if copied is not None:
                return copied, False
        path.unlink()
    copied = _copy_schema(settings, schema, path, file_name, masks, keeping.without_tables())
    assert copied is not None
    return copied, True


def _row_counts(settings: Settings, schema: str, keeping: Keeping) -> dict[str, int]:
    """Mart → rows, of kept ones as they were."""
    with database(settings.warehouse_path, read_only=True) as con:
        names = relations_of(con, settings.warehouse_path.stem, schema)
        counts = {name: kept.row_count for name, kept in keeping.tables.items()}
        for name in names:
            if name not in counts:
                ((counts[name],),) = con.execute(
                    f"select count(*) from {identifier(schema, name)}"
                ).fetchall()
    return counts


def _copy_schema(
    settings: Settings, schema: str, path: Path, file_name: str, masks: Masks, keeping: Keeping
) -> list[PublishedTable] | None:
    """Copy the tables that are not kept. None where a file with kept tables has too many free blocks to be left so."""
    with scratch(settings.duckdb_limits) as con:
        con.execute(f"attach {text(settings.warehouse_path)} as warehouse (read_only)")
        con.execute(f"attach {text(path)} as target (storage_version {text(STORAGE_VERSION)})")
        con.execute(f"create schema if not exists target.{identifier(schema)}")
        if keeping.tables:
            drop_others(con, "target", schema, keeping)
        masks.prepare(con)
        names = relations_of(con, "warehouse", schema)
        if schema == "marts" and not names:
            raise PublishProblem("the warehouse has no marts: run `onefold run`, which builds them first")
        tables = []
        for name in names:
            made_of = keeping.made_of.get(name)
            if kept := keeping.tables.get(name):
                tables.append(PublishedTable(file_name, name, kept.row_count, kept.fingerprint, made_of))
            else:
                count, found = _copy_table(con, schema, name, masks, keeping.built.get(name))
                tables.append(PublishedTable(file_name, name, count, found, made_of))
        _copy_comments(con, schema)
        con.execute("checkpoint target")
        is_wasteful = bool(keeping.tables) and is_half_empty(con, "target")
        con.execute("detach target")
        return None if is_wasteful else tables


def _copy_table(
    con: duckdb.DuckDBPyConnection, schema: str, name: str, masks: Masks, known: tuple[int, str] | None
) -> tuple[int, str]:
    """Copy one table; returns what it must read as from the reopened file: (rows, fingerprint) of its source, as `known` where it is known."""
    source = masks.relation(name) or f"warehouse.{identifier(schema, name)}"
    con.execute(f"create table target.{identifier(schema, name)} as select * from {source}")
    columns = columns_of(con, "warehouse", schema, name)
    if any("ENUM" in kind for _, kind in columns):
        raise PublishProblem(f"{schema}.{name} has an ENUM column, which keeps values: cast it to text")
    return known or fingerprint_of(con, source, columns)


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
            con.execute(f"comment on {kind} target.{identifier(schema, *path)} is {text(comment)}")
    con.commit()


def _check_copy(path: Path, schema: str, tables: list[PublishedTable]) -> None:
    """Read the tables back from a new connection: what the disk holds is what was built."""
    if path.with_name(path.name + ".wal").exists():
        raise PublishProblem(f"{path.name} has an unmerged write-ahead log: run again")
    with database(path, read_only=True) as con:
        for table in tables:
            found = fingerprint(con, path.stem, schema, table.table_name)
            if found != (table.row_count, table.fingerprint):
                raise PublishProblem(
                    f"{schema}.{table.table_name} reads differently after writing: check the disk, and run again"
                )


def write_parquet(folder: Path, tables: list[PublishedTable], mode: int, keeping: Keeping) -> None:
    """One Parquet file per mart, written from the checked masked file and read back; those of kept tables are linked."""
    target = folder / PARQUET_FOLDER
    target.mkdir()
    target.chmod(0o750 if mode == GROUP_READS else 0o700)
    with scratch() as con:
        con.execute(f"attach {text(folder / MARTS_FILE)} as published (read_only)")
        for table in tables:
            path = target / f"{table.table_name}.parquet"
            if link_parquet(keeping, PARQUET_FOLDER, table.table_name, path, mode):
                continue
            columns = columns_of(con, "published", "marts", table.table_name)
            con.execute(
                f"copy (select {_parquet_columns(columns)} from published.{identifier('marts', table.table_name)}) "
                f"to {text(path)} (format parquet, {PARQUET_PACKED})"
            )
            back = ", ".join(
                f"cast({identifier(name)} as {kind}) as {identifier(name)}" for name, kind in columns
            )
            found = fingerprint_of(con, f"(select {back} from read_parquet({text(path)}))", columns)
            if found != (table.row_count, table.fingerprint):
                raise PublishProblem(
                    f"the Parquet copy of marts.{table.table_name} reads differently: cast columns of types that "
                    "Parquet lacks in the model"
                )
            _seal(path, mode)


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
            with database(path, read_only=True) as con:
                is_same = fingerprint(con, path.stem, schema, name) == (count, expected)
        except duckdb.Error:
            is_same = False
        if not is_same:
            wrong.append(f"{generation}/{file_name}: {schema}.{name} is not what was published")
    return wrong


def _parquet_columns(columns: list[tuple[str, str]]) -> str:
    """Parquet has no 128-bit integer; DuckDB would write a float, which loses digits."""
    return ", ".join(
        f"cast({identifier(name)} as decimal(38, 0)) as {identifier(name)}"
        if "HUGEINT" in kind
        else identifier(name)
        for name, kind in columns
    )


def _seal(path: Path, mode: int) -> None:
    path.chmod(mode)
    sync(path)
