"""What each table of the warehouse was built from, so that a night builds again only what would come out otherwise.

dbt's materialisations (dbt_project/macros/engine/carried.sql) write a row of `build.nodes` in the transaction that builds a table: a digest of its code
and inputs, and the fingerprint of its content. Inputs are contents, not times: a table that was built again and came out the same changes
nothing behind it. This module says what the inputs outside dbt are: landed files, tables of state, tables that Python steps wrote. What cannot be
known here has no digest, and what is made of it is built.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb

from cdp_assets import compiled_from, dbt_manifest, warehouse_seal
from cdp_assets.identity.cached_tables import at_once, forget_makers
from cdp_assets.keys import load_key, pseudonym
from cdp_assets.landing.files import hash_file
from cdp_assets.landing.load import EMPTY_NAME
from cdp_assets.publishing.fingerprint import columns_of, fingerprint_of
from cdp_assets.settings import Settings
from cdp_assets.sql_text import identifier
from cdp_assets.warehouse import open_warehouse

FORMAT = "3"  # of the digests; another one makes every table be built again
NODES = "build.nodes"
LEDGER = "source.onefold.state.loads"
TABLES = """
create schema if not exists build;
-- One row per node of dbt, or step, that built well. inputs: null where it must be built next time; fingerprint: of a table its content's, of a
-- view its inputs', null of a test; code: digest of what a node is written as; written: of what that is compiled from (cdp_assets/compiled_from.py);
-- hash_sum, hash_xor: of a table's rows, which its fingerprint is made of.
create table if not exists build.nodes (
    node varchar not null, inputs varchar, fingerprint varchar, row_count bigint, code varchar, hash_sum hugeint, hash_xor ubigint, written varchar
);
-- What tables that follow their inputs (materialisation replace_changed) were built from, one by one.
create table if not exists build.followed (node varchar not null, input varchar not null, digest varchar);
-- Of which nodes `build."changes of NODE"` holds the rows that changed, and between which two of its contents.
create table if not exists build.changes (node varchar not null, was varchar not null, became varchar not null);
-- What the nodes of the command that runs now are made of outside dbt, and whether others follow them.
create or replace table build.planned (
    plan varchar not null, node varchar not null, sources varchar not null, is_followed boolean not null, written varchar
);
-- Of nodes that follow their inputs: each source (with its digest), table and view that they read, by themselves or through views.
create or replace table build.planned_inputs (plan varchar not null, node varchar not null, input varchar not null, is_view boolean not null, digest varchar);
"""
COLUMNS = ["node", "inputs", "fingerprint", "row_count", "code", "hash_sum", "hash_xor", "written"]  # of build.nodes  # fmt: skip
FOLLOWING = "replace_changed"  # the materialisation


@dataclass(frozen=True)
class Plan:
    """What one command of dbt is to do. token: what the materialisations know it by; unchanged: nodes that stand as they would be built, and need not be asked about."""

    token: str
    unchanged: list[str]  # parents first


def plan(settings: Settings, manifest: Any, nodes: Collection[str], variables: Mapping[str, Any]) -> Plan:
    """Write down what `nodes` (unique ids of dbt's manifest object) are made of outside dbt, and find those that the command need not name.

    Where the warehouse is not as our own runs left it, all that it says of its tables is forgotten first.
    """
    is_believed = warehouse_seal.is_whole(settings)
    token = uuid.uuid4().hex
    followed = _followed(manifest)
    project = f"{dbt_manifest.digest(settings)} in {settings.home}"  # sources name the home's files
    written = compiled_from.digests(manifest, nodes, project, variables)
    if not (settings.dbt_target_dir / "compiled").is_dir():
        written = {}  # rights read what was compiled, so it is compiled again
    with open_warehouse(settings) as con:
        is_believed &= _is_of_this_version(con)
        if not is_believed:
            con.execute("drop schema if exists build cascade")
            forget_makers(con)
        con.execute(TABLES)
        inputs = {node: _inputs_of(manifest, node) for node in nodes}
        found = _Sources(settings, con, manifest, followed)
        sources = {
            node: digest
            for node, named in inputs.items()
            if (digest := found.digest_of(node, _sources_in(named))) is not None
        }
        unchanged = _unchanged(con, manifest, nodes, sources, written)
        if rows := [
            [token, node, digest, node in followed, written.get(node)]
            for node, digest in sources.items()
            if node not in unchanged
        ]:
            con.executemany("insert into build.planned values (?, ?, ?, ?, ?)", rows)
        if each := [
            [token, node, *one]
            for node, named in inputs.items()
            if getattr(manifest.nodes[node].config, "materialized", None) == FOLLOWING
            and node not in unchanged
            for one in found.each_of(node, named)
        ]:
            con.executemany("insert into build.planned_inputs values (?, ?, ?, ?, ?)", each)
    if not is_believed:
        warehouse_seal.begin(settings)
    return Plan(token, unchanged)


def enter_written(settings: Settings, token: str, carried: Collection[str]) -> None:
    """Of nodes that dbt found to stand as they would be built: what they are compiled from now, so that the next night need not ask dbt."""
    if not carried:
        return
    with open_warehouse(settings) as con:
        con.execute(
            f"update {NODES} as nodes set written = planned.written from build.planned as planned "
            "where planned.plan = ? and planned.node = nodes.node and list_contains(?, nodes.node)",
            [token, list(carried)],
        )


def _unchanged(
    con: duckdb.DuckDBPyConnection,
    manifest: Any,
    nodes: Collection[str],
    sources: Mapping[str, str],
    written: Mapping[str, str],
) -> list[str]:
    """Those of `nodes`, parents first, whose code and inputs are what they were built from, and that are there, where the command builds no parent of theirs.

    Decided as macro carried decides it of the nodes that dbt is told of; `sources`, `written`: digests of nodes, where they are known.
    """
    rows = con.execute(f"select node, inputs, fingerprint, code, written from {NODES}").fetchall()
    contents = {node: fingerprint for node, _, fingerprint, _, _ in rows}
    standing = _standing(con)
    waiting = {
        node: (inputs, code)
        for node, inputs, fingerprint, code, was_written in rows
        if node in sources and was_written is not None and was_written == written.get(node)
        if _stands(manifest.nodes[node], fingerprint, standing)
    }
    built = set(nodes)  # by the command, as far as is known

    def is_as_it_was(node: str) -> bool:
        parents = _parents_in_dbt(manifest.nodes[node])
        held = [contents.get(each) for each in parents]
        if None in held or built & set(parents):
            return False
        inputs, code = waiting[node]
        said = ",".join(f"{each}={content}" for each, content in zip(parents, held, strict=True))
        return bool(
            inputs == hashlib.md5(f"{code}{sources[node]}{said}".encode(), usedforsecurity=False).hexdigest()
        )

    unchanged: list[str] = []
    while found := sorted(node for node in waiting if node in built and is_as_it_was(node)):
        built -= set(found)
        unchanged += found
    return unchanged


def _parents_in_dbt(node: Any) -> list[str]:
    return sorted(each for each in _depends_on(node) if not each.startswith("source."))


def _depends_on(node: Any) -> Collection[str]:
    """Unique ids of a node's parents; a seed has none."""
    return getattr(getattr(node, "depends_on", None), "nodes", ())


def _standing(con: duckdb.DuckDBPyConnection) -> frozenset[tuple[str, str, bool]]:
    """(schema, name, whether it is a view) of what is in the warehouse."""
    return frozenset(
        con.execute(
            "select schema_name, table_name, false from duckdb_tables() where database_name = current_database() "
            "union all select schema_name, view_name, true from duckdb_views() where database_name = current_database()"
        ).fetchall()
    )


def _stands(node: Any, fingerprint: str | None, standing: Collection[tuple[str, str, bool]]) -> bool:
    """Whether what a node made is there, and says what it holds; a test makes nothing."""
    is_view = node.config.materialized == "view"
    return node.resource_type == "test" or (
        fingerprint is not None and (node.schema, node.alias, is_view) in standing
    )


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
        con.execute(f"insert into {NODES} (node, inputs) values (?, ?)", [step, inputs])


def forget_changes(settings: Settings) -> None:
    """Let go of the rows that tables lost and gained this night, once everything that follows them was built and published."""
    if not warehouse_seal.is_whole(settings):
        return
    with open_warehouse(settings) as con:
        con.execute("create schema if not exists build")
        names = con.execute(
            "select table_name from duckdb_tables() where database_name = current_database() and schema_name = 'build' "
            "and starts_with(table_name, 'changes of ')"
        ).fetchall()
        for (name,) in names:
            con.execute(f"drop table {identifier('build', name)}")
        con.execute("drop table if exists build.changes")


def digest_of_code(folder: Path, *packages: str) -> str:
    """Of a folder's Python and SQL, and of the versions of what it computes with."""
    files = [path for path in sorted(folder.rglob("*")) if path.suffix in {".py", ".sql"}]
    return _digest(*(f"{path.name} {hash_file(path)}" for path in files), *map(version, packages))


def _is_of_this_version(con: duckdb.DuckDBPyConnection) -> bool:
    """Whether what the warehouse says of itself is said in our words: another version's is forgotten."""
    found = con.execute(
        "select column_name from duckdb_columns() where database_name = current_database() and schema_name = 'build' "
        "and table_name = 'nodes' order by column_index"
    ).fetchall()
    return [name for (name,) in found] == COLUMNS


def _followed(manifest: Any) -> frozenset[str]:
    """Nodes and sources of which some table wants to know which rows changed."""
    names = {
        name
        for node in manifest.nodes.values()
        if getattr(node.config, "materialized", None) == FOLLOWING
        for name in (node.config.meta or {}).get("follows", {})
    }
    return frozenset(
        unique_id
        for unique_id, node in (*manifest.nodes.items(), *manifest.sources.items())
        if node.name in names
    )


def _inputs_of(manifest: Any, node: str) -> frozenset[str]:
    """What a node reads: sources, tables and views, by itself or through views: a view reads its own when it is read."""
    found: set[str] = set()
    waiting = [node]
    while waiting:
        known = manifest.nodes.get(waiting.pop())
        for parent in _depends_on(known):
            if parent not in found and _is_view(manifest, parent):
                waiting.append(parent)
            found.add(parent)
    return frozenset(found)


def _is_view(manifest: Any, node: str) -> bool:
    known = manifest.nodes.get(node)
    return known is not None and getattr(known.config, "materialized", None) == "view"


def _sources_in(inputs: Collection[str]) -> frozenset[str]:
    return frozenset(each for each in inputs if each.startswith("source."))


class _Sources:
    """Digests of sources, each computed once."""

    def __init__(
        self,
        settings: Settings,
        con: duckdb.DuckDBPyConnection,
        manifest: Any,
        followed: Collection[str] = (),
    ) -> None:
        self._settings, self._con, self._manifest, self._followed = settings, con, manifest, followed
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

    def each_of(self, node: str, inputs: Collection[str]) -> Iterator[tuple[str, bool, str | None]]:
        """(input, whether it is a view, its digest) of what a node reads; tables and views say theirs themselves, when they are built."""
        yield "made by", False, self._common
        is_ledger_beside = self._reads_landed_rows_only(node, _sources_in(inputs))
        for name in sorted(inputs):
            if name == LEDGER and is_ledger_beside:
                continue
            is_source = name.startswith("source.")
            yield name, _is_view(self._manifest, name), self._of_source(name) if is_source else None

    def _reads_landed_rows_only(self, node: str, sources: Collection[str]) -> bool:
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
                found = self._of_table(database, source.schema, source.identifier)
                self._known[name] = found
                if found is not None and name in self._followed:
                    self._keep_changes(name, identifier(database, source.schema, source.identifier), found)
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

    def _keep_changes(self, node: str, relation: str, became: str) -> None:
        """Of a table that Python wrote: the rows that it lost and gained since dbt read it last, found in a copy of what it was then."""
        copy, changes = identifier("build", f"copy of {node}"), identifier("build", f"changes of {node}")
        former = self._con.execute(f"select fingerprint from {NODES} where node = ?", [node]).fetchall()
        if former == [(became,)]:
            return
        with at_once(self._con):
            self._con.execute(f"delete from {NODES} where node = $1", [node])
            self._con.execute("delete from build.changes where node = $1", [node])
            if former and self._are_columns_same(copy, relation):
                self._con.execute(
                    f"create or replace table {changes} as "
                    f"(from {copy} except all from {relation}) union all (from {relation} except all from {copy})"
                )
                self._con.execute("insert into build.changes values (?, ?, ?)", [node, former[0][0], became])
            self._con.execute(f"create or replace table {copy} as from {relation}")
            self._con.execute(f"insert into {NODES} (node, fingerprint) values (?, ?)", [node, became])

    def _are_columns_same(self, one: str, other: str) -> bool:
        """Whether two tables have the same columns; a version that writes others leaves nothing to compare."""
        described = [
            self._con.execute(f"select column_name, column_type from (describe {each})").fetchall()
            for each in (one, other)
        ]
        return bool(described[0] == described[1])


def _digest(*parts: str) -> str:
    return hashlib.sha256("\x1f".join(parts).encode()).hexdigest()[:32]
