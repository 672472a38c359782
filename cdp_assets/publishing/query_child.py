"""The process of one limited query: limits first, then one select on a locked connection; the answer goes to standard output.

Started by limited_query, and by nothing else: pickled from and to that parent. Which columns a query may read is given by the parent; here
is only seen to it that the query reads nothing else.
"""

from __future__ import annotations

import json
import pickle
import sys
from collections.abc import Iterator
from typing import Any

import duckdb

from cdp_assets.publishing.process_limits import limit_process
from cdp_assets.sql_text import identifier, literal

TABLE_FUNCTIONS = {"range", "generate_series", "unnest"}
# What a query may read from, as DuckDB names it in the serialised query; anything else (`describe`, `summarize`, …) is refused.
SOURCES = {"BASE_TABLE", "TABLE_FUNCTION", "SUBQUERY", "JOIN", "EXPRESSION_LIST", "EMPTY", "PIVOT", "CTE"}


def main() -> None:
    asked = pickle.load(sys.stdin.buffer)  # noqa: S301  our own parent
    try:
        outcome = _answer(asked)
    except (MemoryError, duckdb.OutOfMemoryException):
        outcome = ("memory", "")
    except duckdb.Error as error:
        outcome = ("error", str(error)[:2000])
    try:
        written = pickle.dumps(outcome)
    except MemoryError:
        written = pickle.dumps(("memory", ""))
    if len(written) > asked["most_answer_bytes"]:
        written = pickle.dumps(("size", ""))
    sys.stdout.buffer.write(written)


def _answer(asked: dict[str, Any]) -> tuple[Any, ...]:
    # DuckDB counts most of what it takes, not all: the rest of the limit is for what it does not.
    limits = {"threads": 1, "memory_limit": f"{asked['memory_bytes'] * 3 // 4 >> 20}MB", "temp_directory": ""}
    tables = asked["tables"]
    con = duckdb.connect(":memory:", config=limits)
    con.execute(f"attach {literal(asked['database'])} as published (read_only)")
    if tables is None:
        con.execute("use published")
    else:
        _show_only(con, tables)
    system = {
        str(row[0]).lower()
        for row in con.execute("select view_name from duckdb_views() where internal").fetchall()
    }
    con.execute("set enable_external_access = false")
    con.execute("set lock_configuration = true")
    limit_process(asked["seconds"], asked["memory_bytes"])
    statements = con.extract_statements(asked["sql"])
    if len(statements) != 1:
        return ("one_statement", "")
    if statements[0].type != duckdb.StatementType.SELECT:
        return ("select_only", "")
    if tables is not None:
        foreign = _foreign(con, str(statements[0].query), {name.lower() for name in tables}, system)
        if foreign:
            return ("not_there", foreign)
    found = con.execute(statements[0], asked["parameters"])
    columns = [each[0] for each in found.description]
    rows = found.fetchmany(asked["most_rows"] + 1)
    return columns, rows[: asked["most_rows"]], len(rows) > asked["most_rows"]


def _show_only(con: duckdb.DuckDBPyConnection, tables: dict[str, list[str]]) -> None:
    con.execute("create schema marts")
    for table, columns in tables.items():
        named = ", ".join(identifier(column) for column in columns)
        con.execute(
            f"create view {identifier('memory', 'marts', table)} as select {named} from {identifier('published', 'marts', table)}"
        )
    con.execute("use memory.marts")


def _foreign(con: duckdb.DuckDBPyConnection, sql: str, tables: set[str], system: set[str]) -> str:
    """The first thing that a query reads and may not: only the given tables, by their names, are there.

    A name given in a `with` counts wherever it stands; so that none stands for one of DuckDB's own views elsewhere in the query, no
    `with` may give such a name.
    """
    tree = json.loads(con.execute("select json_serialize_sql(?)", [sql]).fetchall()[0][0])
    if tree.get("error"):
        return "the query"
    nodes = list(_nodes(tree))
    own = {node["key"].lower() for node in nodes if isinstance(node.get("key"), str) and "value" in node}
    if own & system:
        return str(min(own & system))
    return next((name for node in nodes if (name := _foreign_source(node, tables | own))), "")


def _foreign_source(node: dict[str, Any], known: set[str]) -> str:
    kind = str(node.get("type"))
    if kind == "BASE_TABLE":
        return _foreign_table(node, known)
    if kind == "TABLE_FUNCTION":
        name = str((node.get("function") or {}).get("function_name", "")).lower()
        return "" if name in TABLE_FUNCTIONS else f"{name}()"
    is_source = "alias" in node and "sample" in node
    return kind.lower() if is_source and kind not in SOURCES else ""


def _foreign_table(node: dict[str, Any], known: set[str]) -> str:
    parts = [str(node.get(part) or "").lower() for part in ("catalog_name", "schema_name", "table_name")]
    catalog, schema, name = parts
    is_own = catalog in {"", "memory"} and schema in {"", "marts"} and name in known
    return "" if is_own else ".".join(part for part in parts if part)


def _nodes(tree: Any) -> Iterator[dict[str, Any]]:
    if isinstance(tree, dict):
        yield tree
        for value in tree.values():
            yield from _nodes(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from _nodes(value)


if __name__ == "__main__":
    main()
