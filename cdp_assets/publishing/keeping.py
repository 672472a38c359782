"""Marts that are made of the same things as in the generation that readers see: the next one keeps them as they were written.

The masked file then begins as a copy of the former one, proved by its hash, in which the other tables are replaced; Parquet files of kept tables
are linked. Only what the warehouse says of its tables while its seal holds counts (`warehouse_seal`), so once a week everything is written anew.
After an erasure nothing is kept but Parquet files of marts that it did not touch: it writes generations again and leaves nothing to go by.
"""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from cdp_assets import warehouse_seal
from cdp_assets.engine import database
from cdp_assets.landing.files import copy_hashed, hash_file
from cdp_assets.settings import Settings
from cdp_assets.sql_text import identifier, literal
from cdp_assets.state import connect_state

LEAST_SHARE = 0.5  # of all rows: below it, copying the former file costs more than it saves
MOST_FREE = 0.25  # of a file's blocks: above it, replaced tables have left too much behind, and the file is written whole


@dataclass(frozen=True)
class Kept:
    """One table as the former generation has it."""

    row_count: int
    fingerprint: str


@dataclass(frozen=True)
class Keeping:
    """What the next generation can say of its marts, and keep of the former one.

    made_of: mart → what it is made of, where that is known. built: mart → (rows, fingerprint) that the warehouse says of its table. tables: the
    marts to keep. folder: of the former generation. hashes: of its files.
    """

    made_of: Mapping[str, str] = field(default_factory=dict)
    built: Mapping[str, tuple[int, str]] = field(default_factory=dict)
    tables: Mapping[str, Kept] = field(default_factory=dict)
    folder: Path | None = None
    hashes: Mapping[str, str] = field(default_factory=dict)

    def is_worth_a_copy(self, rows: Mapping[str, int]) -> bool:
        """Whether most rows of the marts (mart → rows) are kept."""
        kept = sum(rows.get(name, 0) for name in self.tables)
        return self.folder is not None and kept >= LEAST_SHARE * max(1, sum(rows.values()))

    def without_tables(self) -> Keeping:
        """The same, but nothing is kept."""
        return Keeping(self.made_of, self.built)


def find_kept(settings: Settings, file_name: str, masked: Collection[str]) -> Keeping:
    """What can be kept of the current generation's `file_name`; a mart of which cells are masked is never kept, nor known later."""
    nodes = [each for each in _nodes_of_marts(settings) if each[0] not in masked]
    made_of = {
        name: f"content {found}" if rows is not None else f"inputs {inputs}"
        for name, inputs, found, rows in nodes
        if found is not None
    }
    built = {name: (rows, found) for name, _, found, rows in nodes if found is not None and rows is not None}
    with connect_state(settings, read_only=True) as con:
        former = con.execute(
            "select generation, table_name, row_count, fingerprint, made_of from generation_tables inner join generations using (generation) "
            "where status = 'current' and file_name = ? and made_of is not null",
            [file_name],
        ).fetchall()
        tables = {
            name: Kept(rows, found) for _, name, rows, found, made in former if made_of.get(name) == made
        }
        if not tables:
            return Keeping(made_of, built)
        generation = former[0][0]
        return Keeping(
            made_of, built, tables, settings.published_dir / generation, hashes_of(con, generation)
        )


def hashes_of(con: duckdb.DuckDBPyConnection, generation: str) -> dict[str, str]:
    """File of a generation → its SHA-256 as it was published."""
    return dict(
        con.execute(
            "select file_name, sha256 from generation_files where generation = ?", [generation]
        ).fetchall()
    )


def copy_proved(source: Path, target: Path, sha256: str | None) -> bool:
    """Copy a file and say whether what was copied is what was published."""
    return copy_hashed(source, target) == sha256


def is_half_empty(con: duckdb.DuckDBPyConnection, database: str) -> bool:
    """Whether tables that were replaced left more blocks free than a file may hold."""
    found = con.execute(
        f"select free_blocks, total_blocks from pragma_database_size() where database_name = {literal(database)}"
    ).fetchone()
    return bool(found and found[0] > MOST_FREE * max(1, found[1]))


def drop_others(con: duckdb.DuckDBPyConnection, database: str, schema: str, keeping: Keeping) -> None:
    """Take out of a copy of the former file what is not kept, and give its blocks free for what comes."""
    names = con.execute(
        "select table_name from duckdb_tables() where database_name = $db and schema_name = $schema",
        {"db": database, "schema": schema},
    ).fetchall()
    for (name,) in names:
        if name not in keeping.tables:
            con.execute(f"drop table {identifier(database, schema, name)}")
    con.execute(f"checkpoint {identifier(database)}")


def link_parquet(keeping: Keeping, folder: str, name: str, target: Path, mode: int) -> bool:
    """Link a kept table's Parquet file into the next generation; False where it must be written: it is damaged, or others may read it."""
    if keeping.folder is None or name not in keeping.tables:
        return False
    source = keeping.folder / folder / target.name
    if not source.is_file() or source.stat().st_mode & 0o777 != mode:
        return False
    if hash_file(source) != keeping.hashes.get(f"{folder}/{target.name}"):
        return False
    try:
        os.link(source, target)
    except OSError:  # a file system without links
        return False
    return True


def _nodes_of_marts(settings: Settings) -> list[tuple[str, str | None, str | None, int | None]]:
    """(mart, its inputs, fingerprint, rows) of `build.nodes`; nothing where the warehouse is not to be believed."""
    if not warehouse_seal.is_whole(settings):
        return []
    query = (
        "select marts.name, nodes.inputs, nodes.fingerprint, nodes.row_count from build.nodes as nodes inner join ("
        "select table_name as name from duckdb_tables() where schema_name = 'marts' "
        "union all select view_name from duckdb_views() where schema_name = 'marts') as marts "
        "on split_part(nodes.node, '.', -1) = marts.name and starts_with(nodes.node, 'model.')"
    )
    with database(settings.warehouse_path, read_only=True) as con:
        try:
            rows: list[tuple[str, str | None, str | None, int | None]] = con.execute(query).fetchall()
        except duckdb.CatalogException:  # a warehouse made by hand
            rows = []
    return rows
