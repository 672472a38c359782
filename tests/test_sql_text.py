"""SQL beside the code that runs it: what is longer than a screen is a file, which says how it is filled in."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from jinja2 import Environment, UndefinedError, meta

from cdp_assets import sql_text
from tests.sql_files import PACKAGE, SQL_FILES, header, rendered

SCREEN = 24  # lines
SPEAKS_SQL = re.compile(r"\b(select|insert into|create (or replace )?(temp )?(table|view|macro))\b")
NAMES = [path.relative_to(PACKAGE).as_posix() for path in SQL_FILES]


def long_sql(source: str) -> Iterator[tuple[int, int]]:
    """(line, lines) of each string with SQL that is longer than a screen; docstrings are prose."""
    tree = ast.parse(source)
    passed_over = {
        id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in node.values
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            first = node.body[0] if node.body else None
            if isinstance(first, ast.Expr):
                passed_over.add(id(first.value))
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr | ast.Constant) and id(node) not in passed_over:
            lines = (node.end_lineno or node.lineno) - node.lineno + 1
            if lines > SCREEN and SPEAKS_SQL.search(ast.get_source_segment(source, node) or ""):
                yield node.lineno, lines


def test_no_python_string_holds_sql_longer_than_a_screen() -> None:
    found = {
        f"{path.relative_to(PACKAGE)}:{line}: {lines} lines"
        for path in PACKAGE.rglob("*.py")
        for line, lines in long_sql(path.read_text(encoding="utf-8"))
    }
    assert found == set(), "cdp_assets/sql_text.py says where it goes"


def test_long_sql_is_seen_whole_and_in_parts() -> None:
    body = "select 1\n" + "union all select 2\n" * SCREEN
    assert list(long_sql(f'x = """{body}"""')) == [(1, SCREEN + 2)]
    assert list(long_sql(f'x = f"""{{y}} {body}"""')) == [(1, SCREEN + 2)]
    assert list(long_sql("x = (\n" + "'select '\n" * (SCREEN + 1) + ")")) == [(2, SCREEN + 1)]
    assert list(long_sql(f'"""{body}"""')) == []


def test_each_file_is_run_by_a_module_beside_it_which_fills_its_holes() -> None:
    called = {}
    for path in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "from_file":
                module, name = node.args
                assert isinstance(module, ast.Name) and module.id == "__name__", path
                assert isinstance(name, ast.Constant) and isinstance(name.value, str), path
                place = (path.parent / f"{name.value}.sql").relative_to(PACKAGE).as_posix()
                called[place] = {keyword.arg for keyword in node.keywords}
    assert called == {
        name: set(header(path).get("holes", {})) for name, path in zip(NAMES, SQL_FILES, strict=True)
    }


@pytest.mark.parametrize("path", SQL_FILES, ids=NAMES)
def test_each_hole_has_an_example_and_each_example_its_hole(path: Path) -> None:
    parsed = Environment().parse(path.read_text(encoding="utf-8"))
    assert meta.find_undeclared_variables(parsed) == set(header(path).get("holes", {}))
    assert rendered(path).strip()


def test_a_hole_that_nothing_fills_is_refused() -> None:
    with pytest.raises(UndefinedError, match="has_activity"):
        sql_text.from_file("cdp_assets.identity.customers.blast_radius", "blast_radius")
