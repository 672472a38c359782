"""One query in a process of its own, which its parent ends when the time is over: what the SQL page runs.

Reads a request as JSON from standard input, writes the answer as JSON to standard output. The process has no more memory than it is
given, so that a query that DuckDB's own limit does not hold ends here and not in a worker of the site.
"""

from __future__ import annotations

import json
import resource
import sys
from typing import Any

import duckdb

ALLOWED = {duckdb.StatementType.SELECT, duckdb.StatementType.EXPLAIN}
TABLE_FUNCTIONS = {"range", "generate_series", "unnest"}
SPACE_BESIDE = (
    1_200_000_000  # bytes of address space that the process and DuckDB's threads take before any row is read
)


def main() -> None:
    """Answer one request: marts_path, tables (name → columns that may be read), sql, row_limit, memory_bytes."""
    asked = json.load(sys.stdin)
    space = asked["memory_bytes"] + SPACE_BESIDE
    resource.setrlimit(resource.RLIMIT_AS, (space, space))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    try:
        answer = _answer(asked)
    except duckdb.OutOfMemoryException:
        answer = {"refused": "memory"}
    except MemoryError:
        answer = {"refused": "memory"}
    except duckdb.Error as error:
        answer = {"refused": "error", "detail": str(error)[:2000]}
    json.dump(answer, sys.stdout, default=str)


def _answer(asked: dict[str, Any]) -> dict[str, Any]:
    memory = f"{asked['memory_bytes'] // 1_000_000}MB"
    con = duckdb.connect(":memory:", config={"memory_limit": memory, "threads": 1, "temp_directory": ""})
    con.execute("create schema marts")
    con.execute(f"attach {_text(asked['marts_path'])} as published (read_only)")
    for table, columns in asked["tables"].items():
        named = ", ".join(_name(column) for column in columns)
        con.execute(
            f"create view memory.marts.{_name(table)} as select {named} from published.marts.{_name(table)}"
        )
    con.execute("use memory.marts")
    con.execute("set enable_external_access = false")
    con.execute("set lock_configuration = true")
    statements = con.extract_statements(asked["sql"])
    if len(statements) != 1:
        return {"refused": "one_statement"}
    if statements[0].type not in ALLOWED:
        return {"refused": "select_only"}
    sql = str(statements[0].query)
    if statements[0].type == duckdb.StatementType.SELECT:
        foreign = _foreign(con, sql, set(asked["tables"]))
        if foreign:
            return {"refused": "not_there", "detail": foreign}
    elif asked["tables_are_cut"]:
        return {"refused": "select_only"}
    con.execute(sql)
    names = [column[0] for column in con.description or []]
    rows = con.fetchmany(asked["row_limit"] + 1)
    return {"columns": names, "rows": rows[: asked["row_limit"]], "is_cut": len(rows) > asked["row_limit"]}


def _foreign(con: duckdb.DuckDBPyConnection, sql: str, tables: set[str]) -> str:
    """The first thing that a query reads and may not: only the schema's own tables, by their names, are there."""
    found = con.execute("select json_serialize_sql(?)", [sql]).fetchone()
    tree = json.loads(found[0]) if found else {"error": True}
    if tree.get("error"):
        return "the query"
    own = {
        node["key"].lower() for node in _nodes(tree) if isinstance(node.get("key"), str) and "value" in node
    }
    known = {name.lower() for name in tables} | own
    for node in _nodes(tree):
        kind = node.get("type")
        name = ""
        if kind == "BASE_TABLE":
            name = _foreign_table(node, known)
        elif kind == "TABLE_FUNCTION":
            name = _foreign_function(node)
        if name:
            return name
    return ""


def _foreign_table(node: dict[str, Any], known: set[str]) -> str:
    parts = [str(node.get(part) or "").lower() for part in ("catalog_name", "schema_name", "table_name")]
    catalog, schema, name = parts
    is_own = catalog in {"", "memory"} and schema in {"", "marts"} and name in known
    return "" if is_own else ".".join(part for part in parts if part)


def _foreign_function(node: dict[str, Any]) -> str:
    name = str((node.get("function") or {}).get("function_name", "")).lower()
    return "" if name in TABLE_FUNCTIONS else f"{name}()"


def _nodes(tree: Any) -> Any:
    if isinstance(tree, dict):
        yield tree
        for value in tree.values():
            yield from _nodes(value)
    elif isinstance(tree, list):
        for value in tree:
            yield from _nodes(value)


def _name(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _text(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


if __name__ == "__main__":
    main()
