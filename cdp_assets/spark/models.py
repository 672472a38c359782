"""A home's dbt models built on Spark, between its files and its warehouse: what a run asks of an engine other than DuckDB.

Few verbs: `give` what the models read (landed files where they lie, tables of state and of Python's steps as Parquet), let dbt run,
`take` what was built back into warehouse.duckdb, where Python's steps, the gates and publishing read it. Spark's own tables live as long as
the process, in HOME/spark, which is emptied before and after. What is built, and in which order, is dbt's and the runner's to say.
"""

from __future__ import annotations

import shutil
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlparse

import duckdb

from cdp_assets.identity.cached_tables import forget_makers
from cdp_assets.keys import load_key
from cdp_assets.settings import Settings
from cdp_assets.spark.dbt_session import in_session
from cdp_assets.spark.problems import in_words
from cdp_assets.spark.readiness import require_spark
from cdp_assets.spark.session import CONNECT, SparkProblem, open_session
from cdp_assets.spark.tables import give, quoted
from cdp_assets.spark.watch import Watch
from cdp_assets.sql_text import identifier, literal
from cdp_assets.warehouse import open_warehouse

FOLDER = "spark"  # below the home, for as long as a run takes
TAKEN = "taken"  # schema of Spark for the rows of views, which are taken as tables
_OPEN: dict[Path, SparkModels] = {}  # home → what is open in this process: one at most


class SparkModels:
    """An open session on a home. Raises SparkProblem where Spark does not start."""

    def __init__(self, settings: Settings) -> None:
        require_spark(settings)
        self.settings = settings
        self.folder = settings.home / FOLDER
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(mode=0o700)
        self.session = open_session(settings.spark_address, load_key(settings), self.folder)
        self.watch = Watch(self.session, settings.spark_address, settings.spark_patience)
        self.watch.begin()
        self._known: set[str] = set()  # unique ids of nodes that stand in the session
        self._schemas: set[str] = set()  # that this run has made
        with open_warehouse(settings) as con:
            forget_makers(con)  # nobody knows what became of the warehouse since the last night

    @contextmanager
    def building(self, manifest: Any, nodes: Collection[str]) -> Iterator[None]:
        """Around a dbt command on `nodes` (unique ids): what they read and it does not build is given, as it is now."""
        with self.speaking():
            for schema in sorted(
                {manifest.nodes[node].schema for node in nodes if _is_built(manifest, node)}
            ):
                self.make_schema(schema)
            self.give(_read_by(manifest, nodes, self._known))
            with in_session(self.session, self.watch):
                yield

    @contextmanager
    def speaking(self) -> Iterator[None]:
        """Let what Spark says leave in words that quote no data (`problems`); what the watch saw is the reason of all that follows."""
        try:
            with in_words():
                yield
        except Exception:
            if self.watch.problem is None:
                raise
        if self.watch.problem is not None:
            raise self.watch.problem

    def make_schema(self, schema: str) -> None:
        """A schema whose tables lie in the home. A catalog that others use, too (Spark Connect's is its server's), may have one of that name:
        what a run that died left there is dropped, another's raises SparkProblem."""
        if schema in self._schemas:
            return
        place = self.folder / f"{schema}.db"
        if self.session.catalog.databaseExists(schema):
            found = urlparse(self.session.catalog.getDatabase(schema).locationUri).path
            if Path(found) != place:
                raise SparkProblem(
                    f"the catalog of this Spark has a schema {schema} that is not this home's",
                    self.settings.spark_address,
                    "wait until the other home's run has ended, or give Onefold a Spark with a catalog of its own",
                )
            self.session.sql(f"drop schema {quoted(schema)} cascade")
        self.session.sql(f"create schema {quoted(schema)} location {literal(place)}")
        self._schemas.add(schema)

    def give(self, relations: Iterable[Any]) -> None:
        """Name relations (dbt's sources and nodes) in the session: landed exports where they lie, tables of state and the warehouse as Parquet."""
        with open_warehouse(self.settings) as con:
            tables = []
            for each in relations:
                origin = getattr(each, "source_name", None)
                if origin == "landing":
                    meta = each.config.meta
                    self._give_landed(con, each.name, str(meta["channel"]), str(meta["export"]))
                elif origin == "state":
                    tables.append(("state", "main", each.name))
                else:
                    tables.append((self.settings.warehouse_path.stem, each.schema, each.name))
            for database, schema, _ in tables:
                self.make_schema("state" if database == "state" else schema)
            give(self.session, con, tables, self.folder / "given", {"state": "state"})

    def _give_landed(self, con: duckdb.DuckDBPyConnection, name: str, channel: str, export: str) -> None:
        """A landed export: all columns that any of its files has, as DuckDB unites them. Spark passes over files that begin with `_`."""
        folder = self.settings.landing_dir / channel / export
        files = literal(folder / "*.parquet")
        described = con.execute(
            f"describe select * from read_parquet({files}, union_by_name = true)"
        ).fetchall()
        columns = ", ".join(f"{quoted(row[0])} {sparks_type(row[1])}" for row in described)
        self.make_schema("landing")
        self.session.sql(f"drop table if exists {quoted('landing', name)}")
        self.session.sql(
            f"create table {quoted('landing', name)} ({columns}) using parquet location {literal(folder)}"
        )

    def take(self, nodes: Iterable[Any]) -> None:
        """Have the warehouse hold what dbt built (models and seeds of its manifest), typed, constrained and described as on DuckDB."""
        with open_warehouse(self.settings) as con, self.speaking():
            for node in nodes:
                _take(con, node, self._rows_of(node))
                self._known.add(node.unique_id)

    def rows_of_query(self, sql: str, most: int) -> tuple[list[str], list[tuple[Any, ...]]]:
        """The columns and the first rows of a compiled query, in no order."""
        with self.speaking():
            found = self.session.sql(sql).limit(most)
            return list(found.columns), [tuple(row) for row in found.collect()]

    def _rows_of(self, node: Any) -> Any:
        """The files of a table, as DuckDB reads them; its rows as Arrow where there is no file. A view's rows are written first."""
        schema, name = node.schema, node.alias
        if node.config.materialized == "view":
            self.make_schema(TAKEN)
            self.session.sql(f"drop table if exists {quoted(TAKEN, name)}")
            self.session.sql(
                f"create table {quoted(TAKEN, name)} using parquet as select * from {quoted(schema, name)}"
            )
            schema = TAKEN
        folder = self.folder / f"{schema}.db" / name
        if any(folder.glob("*.parquet")):
            return f"read_parquet({literal(folder / '*.parquet')})"
        return self.session.table(f"{schema}.{name}").toArrow()

    def close(self) -> None:
        """End the session and leave nothing of it in the home."""
        self.watch.end()
        with suppress(Exception):  # a Spark that is lost cannot be stopped
            if self.settings.spark_address.startswith(CONNECT):  # a server's catalog outlives the session
                for schema in sorted(self._schemas):
                    self.session.sql(f"drop schema if exists {quoted(schema)} cascade")
            self.session.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


def models_of(settings: Settings) -> SparkModels:
    """The home's open session in this process, opened on the first call. Raises SparkProblem."""
    if settings.home not in _OPEN:
        close()
        _OPEN[settings.home] = SparkModels(settings)
    return _OPEN[settings.home]


def close() -> None:
    """End whatever is open in this process."""
    while _OPEN:
        _OPEN.popitem()[1].close()


def sparks_type(kind: str) -> str:
    """Spark's word for a DuckDB type of a landed file. Raises SparkProblem for one that landing never writes."""
    simple = {
        "VARCHAR": "string",
        "TIMESTAMP": "timestamp",
        "TIMESTAMP WITH TIME ZONE": "timestamp",
        "INTEGER": "int",
        "BIGINT": "bigint",
        "SMALLINT": "smallint",
        "TINYINT": "tinyint",
        "DOUBLE": "double",
        "FLOAT": "float",
        "BOOLEAN": "boolean",
        "DATE": "date",
    }
    if kind in simple:
        return simple[kind]
    if kind.startswith("DECIMAL("):
        return kind.lower()
    raise SparkProblem(
        f"a landed column has the type {kind}", "landing", "land the file again with this version"
    )


def _is_built(manifest: Any, node: str) -> bool:
    return manifest.nodes[node].resource_type in {"model", "seed"}


def _read_by(manifest: Any, nodes: Collection[str], known: Collection[str]) -> list[Any]:
    """What these nodes read and do not build: sources always, as they may have changed; nodes that the session does not know yet."""
    found: dict[str, Any] = {}
    for node in nodes:
        for parent in getattr(getattr(manifest.nodes[node], "depends_on", None), "nodes", ()):
            if parent in manifest.sources:
                found[parent] = manifest.sources[parent]
            elif parent not in nodes and parent not in known:
                found[parent] = manifest.nodes[parent]
    return [found[name] for name in sorted(found)]


def _take(con: duckdb.DuckDBPyConnection, node: Any, rows: Any) -> None:
    """One table of the warehouse, new: `rows` is a query's source or an Arrow table."""
    relation = identifier(node.schema, node.alias)
    if not isinstance(rows, str):
        con.register("taken_rows", rows)
    source = rows if isinstance(rows, str) else "taken_rows"
    kinds = _types_of(con, node, source)
    needed = {name for name, column in node.columns.items() if _is_needed(node, column)}
    declared = ", ".join(
        f"{identifier(name)} {kind}{' not null' if name in needed else ''}" for name, kind in kinds.items()
    )
    chosen = ", ".join(f"cast({identifier(name)} as {kind})" for name, kind in kinds.items())
    con.execute("begin")
    try:
        con.execute(f"create schema if not exists {identifier(node.schema)}")
        _drop(con, node.schema, node.alias)
        con.execute(f"create table {relation} ({declared})")
        con.execute(f"insert into {relation} select {chosen} from {source}")
        for statement in _comments(node, relation, kinds):
            con.execute(statement)
        con.execute("commit")
    except duckdb.Error:
        con.execute("rollback")
        raise
    finally:
        if not isinstance(rows, str):
            con.unregister("taken_rows")


def _types_of(con: duckdb.DuckDBPyConnection, node: Any, source: str) -> dict[str, str]:
    """Column → type on DuckDB: the contract's, else the file's; what has a zone in the file is the models' `timestamp`."""
    described = con.execute(f"describe select * from {source}").fetchall()
    is_declared = bool(getattr(node.config, "contract", None) and node.config.contract.enforced)
    kinds = {}
    for name, kind, *_ in described:
        column = node.columns.get(name)
        if is_declared and column is not None and column.data_type:
            kinds[name] = column.data_type
        else:
            kinds[name] = "timestamp" if kind == "TIMESTAMP WITH TIME ZONE" else kind
    return kinds


def _is_needed(node: Any, column: Any) -> bool:
    """Whether the contract says that a column is never empty."""
    is_declared = bool(getattr(node.config, "contract", None) and node.config.contract.enforced)
    return is_declared and any(
        str(getattr(each.type, "value", each.type)) == "not_null" for each in column.constraints
    )


def _drop(con: duckdb.DuckDBPyConnection, schema: str, name: str) -> None:
    is_view = con.execute(
        "select count(*) from duckdb_views() where database_name = current_database() and schema_name = ? and view_name = ?",
        [schema, name],
    ).fetchall()[0][0]
    con.execute(f"drop {'view' if is_view else 'table'} if exists {identifier(schema, name)}")


def _comments(node: Any, relation: str, kinds: Mapping[str, str]) -> Iterator[str]:
    """The definitions that the published file carries."""
    wanted = getattr(node.config, "persist_docs", None) or {}
    if wanted.get("relation") and node.description:
        yield f"comment on table {relation} is {literal(node.description)}"
    if wanted.get("columns"):
        for name, column in node.columns.items():
            if name in kinds:
                yield f"comment on column {relation}.{identifier(name)} is {literal(column.description)}"
