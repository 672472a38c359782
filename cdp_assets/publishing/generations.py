"""Generations: what readers open.

`published/<generation>/marts.duckdb` (masked) and `contact.duckdb` (identifiers in clear, owner-only) are written under a
temporary name, checked by reopening, made read-only and renamed; then one link, `published/current`, flips.
`current.duckdb` and `current.contact.duckdb` are fixed links through it, so that both change in the same instant.
"""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from pathlib import Path

import duckdb

from cdp_assets.publishing.fingerprint import columns_of, fingerprint, quoted
from cdp_assets.settings import Settings

FILES = {"marts": ("marts.duckdb", 0o440), "contact": ("contact.duckdb", 0o400)}
STORAGE_VERSION = "v1.4.0"  # what DuckDB 1.4 clients read


class PublishProblem(RuntimeError):
    """A generation could not be written or checked; nothing was published."""


@dataclass(frozen=True)
class PublishedTable:
    """One table of a generation. Grain of a list of these: one per file and table."""

    file_name: str
    table_name: str
    row_count: int
    fingerprint: str


@dataclass(frozen=True)
class Generation:
    """A generation that was written and checked, not yet current."""

    name: str
    folder: Path
    tables: tuple[PublishedTable, ...]


def next_generation_name(settings: Settings, known: list[str]) -> str:
    """g000001, g000002, …: one more than any in state or on disk."""
    on_disk = [path.name for path in settings.published_dir.glob("g[0-9]*")]
    numbers = [int(name[1:]) for name in [*known, *on_disk] if name[1:].isdigit()]
    return f"g{max(numbers, default=0) + 1:06d}"


def write_generation(settings: Settings, name: str) -> Generation:
    """Copy the schemas `marts` and `contact` of the warehouse into new, checked, read-only files."""
    settings.published_dir.mkdir(parents=True, exist_ok=True, mode=0o750)
    _remove_leftovers(settings.published_dir)
    temporary = settings.published_dir / f".writing-{name}"
    temporary.mkdir(mode=0o750)
    tables: list[PublishedTable] = []
    for schema, (file_name, mode) in FILES.items():
        path = temporary / file_name
        tables += _copy_schema(settings, schema, path)
        _check_copy(path, schema, [table for table in tables if table.file_name == file_name])
        path.chmod(mode)
        _sync(path)
    folder = settings.published_dir / name
    temporary.rename(folder)
    _sync(settings.published_dir)
    return Generation(name, folder, tuple(tables))


def flip(settings: Settings, name: str) -> None:
    """Make a written generation the current one, in one atomic rename of a link."""
    published = settings.published_dir
    if not (published / name).is_dir():
        raise PublishProblem(
            f"generation {name} is not in {published}: run `onefold run` to publish a new one"
        )
    _replace_link(published / "current", Path(name))
    _ensure_link(published / "current.duckdb", Path("current") / FILES["marts"][0])
    _ensure_link(published / "current.contact.duckdb", Path("current") / FILES["contact"][0])
    _sync(published)


def current_generation(settings: Settings) -> str | None:
    """Name of the generation that readers see now, or None before the first."""
    link = settings.published_dir / "current"
    return link.readlink().name if link.is_symlink() else None


def remove_generation(settings: Settings, name: str) -> None:
    """Delete a generation's files; a reader that has them open keeps them until it closes."""
    if name == current_generation(settings):
        raise PublishProblem(f"{name} is the current generation and stays")
    folder = settings.published_dir / name
    if folder.is_dir():
        shutil.rmtree(folder)


def _copy_schema(settings: Settings, schema: str, path: Path) -> list[PublishedTable]:
    con = duckdb.connect(
        ":memory:", config={"memory_limit": settings.memory_limit, "threads": settings.threads}
    )
    try:
        con.execute(f"attach {_text(settings.warehouse_path)} as warehouse (read_only)")
        con.execute(f"attach {_text(path)} as target (storage_version {_text(STORAGE_VERSION)})")
        con.execute(f"create schema target.{quoted(schema)}")
        names = [
            row[0]
            for row in con.execute(
                "select table_name from duckdb_tables() where database_name = 'warehouse' and schema_name = ? "
                "union all select view_name from duckdb_views() where database_name = 'warehouse' and schema_name = ? "
                "order by 1",
                [schema, schema],
            ).fetchall()
        ]
        if schema == "marts" and not names:
            raise PublishProblem("the warehouse has no marts: run `onefold run`, which builds them first")
        published = []
        for name in names:
            con.execute(
                f"create table target.{quoted(schema, name)} as select * from warehouse.{quoted(schema, name)}"
            )
            _copy_comments(con, schema, name)
            before = fingerprint(con, "warehouse", schema, name)
            after = fingerprint(con, "target", schema, name)
            if before != after:
                raise PublishProblem(f"the copy of {schema}.{name} differs from the build: run again")
            if any("ENUM" in kind for _, kind in columns_of(con, "target", schema, name)):
                raise PublishProblem(
                    f"{schema}.{name} has an ENUM column, which keeps values: cast it to text"
                )
            published.append(PublishedTable(path.name, name, *after))
        con.execute("checkpoint target")
        con.execute("detach target")
        return published
    finally:
        con.close()


def _copy_comments(con: duckdb.DuckDBPyConnection, schema: str, table: str) -> None:
    """Carry the descriptions that dbt persisted, so that whoever opens the file can read them."""
    row = con.execute(
        "select comment from duckdb_tables() where database_name = 'warehouse' and schema_name = ? and table_name = ?",
        [schema, table],
    ).fetchone()
    if row and row[0]:
        con.execute(f"comment on table target.{quoted(schema, table)} is {_text(row[0])}")
    for column, comment in con.execute(
        "select column_name, comment from duckdb_columns() where database_name = 'warehouse' and schema_name = ? "
        "and table_name = ? and comment is not null",
        [schema, table],
    ).fetchall():
        con.execute(f"comment on column target.{quoted(schema, table, column)} is {_text(comment)}")


def _check_copy(path: Path, schema: str, tables: list[PublishedTable]) -> None:
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


def _remove_leftovers(published: Path) -> None:
    for leftover in published.glob(".writing-*"):
        shutil.rmtree(leftover)


def _replace_link(link: Path, target: Path) -> None:
    temporary = link.with_name(f".{link.name}.new")
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(target)
    temporary.replace(link)


def _ensure_link(link: Path, target: Path) -> None:
    if not link.is_symlink() or link.readlink() != target:
        _replace_link(link, target)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _text(value: object) -> str:
    return "'" + str(value).replace("'", "''") + "'"
