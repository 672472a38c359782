"""What each table of the warehouse was built from, so that a night builds again only what would come out otherwise.

dbt's materialisations (dbt_project/macros/engine/carried.sql) write a row of `build.nodes` in the transaction that builds a table: a digest of its code
and inputs, and the fingerprint of its content. Inputs are contents, not times: a table that was built again and came out the same changes
nothing behind it. This module says what the inputs outside dbt are: landed files, tables of state, tables that Python steps wrote. What cannot be
known here has no digest, and what is made of it is built.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Collection, Mapping
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb

from cdp_assets import warehouse_seal
from cdp_assets.identity.cached_tables import forget_makers
from cdp_assets.keys import load_key, pseudonym
from cdp_assets.landing.files import hash_file
from cdp_assets.landing.load import EMPTY_NAME
from cdp_assets.publishing.fingerprint import columns_of, fingerprint_of
from cdp_assets.settings import Settings
from cdp_assets.sql_text import identifier
from cdp_assets.warehouse import open_warehouse

FORMAT = "1"  # of the digests; another one makes every table be built again
NODES = "build.nodes"
LEDGER = "source.onefold.state.loads"
TABLES = """
create schema if not exists build;
-- One row per node of dbt, or step, that built well. inputs: null where it must be built next time; fingerprint: of a table its content's, of a
-- view its inputs', null of a test.
create table if not exists build.nodes (node varchar not null, inputs varchar, fingerprint varchar, row_count bigint);
-- What the nodes of the command that runs now are made of outside dbt.
create or replace table build.planned (plan varchar not null, node varchar not null, sources varchar not null);
"""


def plan(settings: Settings, manifest: Any, nodes: Collection[str]) -> str:
    """Write down what `nodes` (unique ids of dbt's manifest object) are made of outside dbt; returns what the materialisations know the plan by.

    Where the warehouse is not as our own runs left it, all that it says of its tables is forgotten first.
    """
    is_believed = warehouse_seal.is_whole(settings)
    token = uuid.uuid4().hex
    with open_warehouse(settings) as con:
        con.execute(TABLES)
        if not is_believed:
            con.execute(f"delete from {NODES}")
            forget_makers(con)
        sources = {node: _sources_of(manifest, node) for node in nodes}
        found = _Sources(settings, con, manifest)
        rows = [
            [token, node, digest]
            for node, named in sources.items()
            if (digest := found.digest_of(node, named)) is not None
        ]
        if rows:
            con.executemany("insert into build.planned values (?, ?, ?)", rows)
    if not is_believed:
        warehouse_seal.begin(settings)
    return token


def step_inputs(con: duckdb.DuckDBPyConnection, tables: Collection[str], *facts: object) -> str | None:
    """What a Python step is made of: the contents of tables that dbt built (`schema.table`), and facts (settings, a digest of its code).

    None where a table does not say what it holds; then the step runs.
    """
    wanted = {f".{table.rpartition('.')[2]}" for table in tables}
    rows = con.execute(f"select node, fingerprint from {NODES} where starts_with(node, 'model.')").fetchall()
    found = {node: known for node, known in rows if f".{node.rpartition('.')[2]}" in wanted}
    if len(found) != len(wanted) or None in found.values():
        return None
    return _digest(
        FORMAT, duckdb.__version__, *map(str, facts), *(f"{node}={found[node]}" for node in sorted(found))
    )


def is_step_same(con: duckdb.DuckDBPyConnection, step: str, inputs: str | None) -> bool:
    """Whether what the step writes stands in the warehouse as it would be written; if not, the step is struck until it is entered."""
    rows = con.execute(f"select inputs from {NODES} where node = ?", [step]).fetchall()
    if inputs is not None and rows == [(inputs,)]:
        return True
    con.execute(f"delete from {NODES} where node = ?", [step])
    return False


def enter_step(con: duckdb.DuckDBPyConnection, step: str, inputs: str | None) -> None:
    """The step has written everything."""
    if inputs is not None:
        con.execute(f"insert into {NODES} values (?, ?, null, null)", [step, inputs])


def digest_of_code(folder: Path, *packages: str) -> str:
    """Of a folder's Python and SQL, and of the versions of what it computes with."""
    files = [path for path in sorted(folder.rglob("*")) if path.suffix in {".py", ".sql"}]
    return _digest(*(f"{path.name} {hash_file(path)}" for path in files), *map(version, packages))


def _sources_of(manifest: Any, node: str) -> frozenset[str]:
    """Sources that a node reads, by itself or through views: a view reads them when it is read."""
    found: set[str] = set()
    waiting = [node]
    while waiting:
        one = waiting.pop()
        known = manifest.nodes.get(one)
        if known is None:
            continue
        for parent in getattr(known.depends_on, "nodes", ()):  # a seed depends on nothing
            if parent.startswith("source."):
                found.add(parent)
            elif manifest.nodes[parent].config.materialized == "view":
                waiting.append(parent)
    return frozenset(found)


class _Sources:
    """Digests of sources, each computed once."""

    def __init__(self, settings: Settings, con: duckdb.DuckDBPyConnection, manifest: Any) -> None:
        self._settings, self._con, self._manifest = settings, con, manifest
        self._known: dict[str, str | None] = {}
        self._common = _digest(
            FORMAT,
            duckdb.__version__,
            version("dbt-core"),
            version("dbt-duckdb"),
            pseudonym(load_key(settings), "built from"),
        )

    def digest_of(self, node: str, sources: Collection[str]) -> str | None:
        """Of all sources of a node, and of what all nodes are made by (the engine, dbt, the key); None where one is not known."""
        named = set(sources)
        if self._reads_landed_rows_only(node, named):
            named.discard(LEDGER)
        digests = {name: self._of_source(name) for name in sorted(named)}
        known = [f"{name}={digest}" for name, digest in digests.items() if digest is not None]
        return _digest(self._common, *known) if len(known) == len(digests) else None

    def _reads_landed_rows_only(self, node: str, sources: set[str]) -> bool:
        """A staging model asks the ledger (macro `landed`) about its own exports, which are part of their digests."""
        known = self._manifest.nodes[node]
        return (
            known.resource_type == "model"
            and known.schema == "staging"
            and any(self._is_landed(name) for name in sources)
            and "'loads'" not in known.raw_code
        )

    def _is_landed(self, name: str) -> bool:
        return bool(self._manifest.sources[name].source_name == "landing")

    def _of_source(self, name: str) -> str | None:
        if name not in self._known:
            source = self._manifest.sources[name]
            if source.source_name == "landing":
                self._known[name] = self._of_export(source.config.meta)
            else:
                database = "state" if source.source_name == "state" else self._settings.warehouse_path.stem
                self._known[name] = self._of_table(database, source.schema, source.identifier)
        return self._known[name]

    def _of_export(self, meta: Mapping[str, Any]) -> str | None:
        """Of an export's files as they lie there, and of what the ledger says of them."""
        folder = self._settings.landing_dir / str(meta.get("channel")) / str(meta.get("export"))
        files = []
        for path in sorted(folder.glob("*.parquet")):
            if path.name == EMPTY_NAME:  # written by every run
                files.append(f"{path.name} {hash_file(path)}")
                continue
            found = path.stat()
            files.append(
                f"{path.name} {found.st_size} {found.st_mtime_ns} {found.st_ctime_ns} {found.st_ino}"
            )
        if not files:
            return None
        ledger = self._con.execute(
            "select coalesce(string_agg(md5(to_json(loads)::varchar), '' order by channel, export, file_name, load_id), '') "
            "from state.main.loads as loads where channel = ? and export = ?",
            [meta["channel"], meta["export"]],
        ).fetchall()
        return _digest(*files, ledger[0][0])

    def _of_table(self, database: str, schema: str, table: str) -> str | None:
        try:
            columns = columns_of(self._con, database, schema, table)
        except duckdb.Error:
            return None
        return fingerprint_of(self._con, identifier(database, schema, table), columns)[1]


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]
