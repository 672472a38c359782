"""Each model on Spark over DuckDB's inputs, against DuckDB's rows of it. On Sail, which lacks `qualify`, the rewrite is here."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import sqlglot
from sqlglot import exp
from sqlglot.transforms import eliminate_qualify

from cdp_assets import dbt_manifest, dbt_runner
from cdp_assets.settings import Settings
from cdp_assets.spark import session as spark_session
from cdp_assets.spark.tables import give
from cdp_assets.sql_text import identifier
from tests.dbt.dialects import ASKS_THE_DATABASE
from tests.same_rows import Parity, differences


@contextmanager
def on_sail(key: bytes) -> Iterator[Any]:
    """A session of Sail in this process: Spark Connect without Java."""
    from pysail.spark import SparkConnectServer

    server = SparkConnectServer("127.0.0.1", 0)
    server.start(background=True)
    host, port = server.listening_address
    with _as_a_program():
        session = spark_session.open_session(f"sc://{host}:{port}", key)
    try:
        yield session
    finally:
        session.stop()
        server.stop()


@contextmanager
def _as_a_program() -> Iterator[None]:
    """pyspark takes a worker of xdist, whose main module has no file, for its own doctests, and ends the process."""
    main = sys.modules["__main__"]
    had = hasattr(main, "__file__")
    if not had:
        main.__file__ = __file__
    try:
        yield
    finally:
        if not had:
            del main.__file__


def without_qualify(sql: str) -> str:
    """The same query for Sail: what `qualify` keeps is kept by a `where` around it."""
    if "qualify" not in sql.lower():
        return sql
    tree = sqlglot.parse_one(sql, read="spark")
    while inner := [each for each in tree.find_all(exp.Select) if each.args.get("qualify")]:
        rewritten = eliminate_qualify(inner[-1].copy())
        if inner[-1] is tree:
            tree = rewritten
        else:
            inner[-1].replace(rewritten)
    return tree.sql(dialect="spark")


def models(settings: Settings, as_of: date, schemas: set[str]) -> dict[str, Any]:
    """The models of some schemas, compiled for Spark: dbt's nodes by name."""
    nodes = dbt_runner.compiled(settings, as_of, target=dbt_manifest.SPARK, exclude=[ASKS_THE_DATABASE])
    return {
        name: node for name, node in nodes.items() if node.resource_type == "model" and node.schema in schemas
    }


def give_inputs(session: Any, settings: Settings, nodes: dict[str, Any], folder: Path) -> None:
    """What the models read, as DuckDB has it: the warehouse's tables and views, state, and what landed."""
    manifest = dbt_manifest.for_home(settings, dbt_manifest.SPARK)
    read = {each for node in nodes.values() for each in node.depends_on.nodes}
    known = {**manifest.nodes, **manifest.sources}
    wanted = {(known[each].schema, known[each].name) for each in read}
    with duckdb.connect() as con:
        con.execute(f"attach '{settings.warehouse_path}' as warehouse (read_only)")
        con.execute(f"attach '{settings.state_path}' as state (read_only)")
        con.execute("create schema landing")
        for source in manifest.sources.values():
            if source.source_name == "landing":
                meta = source.config.meta
                files = settings.landing_dir / meta["channel"] / meta["export"] / "*.parquet"
                rows = f"select * from read_parquet('{files}', union_by_name = true)"
                con.execute(f"create view {identifier('landing', source.name)} as {rows}")
        found = con.execute(
            "select database_name, schema_name, table_name from duckdb_tables() where not internal "
            "union all select database_name, schema_name, view_name from duckdb_views() where not internal"
        ).fetchall()
        given = [
            (database, schema, name)
            for database, schema, name in found
            if ("state" if database == "state" else schema, name) in wanted
        ]
        give(session, con, given, folder, {"state": "state"})


def compare(session: Any, settings: Settings, nodes: dict[str, Any], *, is_sail: bool = False) -> Parity:
    """Run every model and compare it with the warehouse's table."""
    found = Parity()
    with duckdb.connect(str(settings.warehouse_path), read_only=True) as con:
        con.execute("set TimeZone = 'UTC'")
        for name, node in nodes.items():
            sql = without_qualify(node.compiled_code) if is_sail else node.compiled_code
            got = session.sql(sql).toArrow()
            found.rows[name] = got.num_rows
            difference = differences(con, identifier(node.schema, name), got)
            if difference:
                found.different[name] = difference
    return found
