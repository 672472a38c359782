"""Law 1 for Python: rooms import leftwards only, and the plain rooms know nothing of Dagster."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from cdp_assets.settings import PROJECT_DIR

PACKAGE = PROJECT_DIR / "cdp_assets"
# A room may import itself and any room to its left; `defs`, `commands`, `pages` and `cli` stand at the right end.
ROOMS = [
    "landing",
    "identity",
    "insight",
    "publishing",
    "spark",
    "activation",
    "sharing",
    "operations",
    "rights",
    "drafting",
]
ANYWHERE = {
    "engine",
    "sql_text",
    "lazy_names",
    "settings",
    "keys",
    "state",
    "warehouse",
    "warehouse_seal",
    "errors",
    "wording",
    "mailbox",
    "safe_yaml",
    "dbt_vars",
    "project",
    "shapes",
    "audit",
    "decisions",
    "forgetting",
    "private_files",
    "own_limits",
    "retention_rules",
    "opened",
}


def imports_of(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            yield node.module
            if node.module == "cdp_assets":
                yield from (f"cdp_assets.{alias.name}" for alias in node.names)


def modules_of(room: str) -> list[Path]:
    return sorted((PACKAGE / room).rglob("*.py"))


@pytest.mark.parametrize("room", ROOMS)
def test_a_plain_room_imports_no_dagster(room: str) -> None:
    offenders = [
        path.name
        for path in modules_of(room)
        if any(name.split(".")[0].startswith("dagster") for name in imports_of(path))
    ]
    assert offenders == []


@pytest.mark.parametrize("room", ROOMS)
def test_a_room_imports_only_rooms_to_its_left(room: str) -> None:
    allowed = {*ROOMS[: ROOMS.index(room) + 1], *ANYWHERE}
    found = {
        (path.relative_to(PACKAGE).as_posix(), name.split(".")[1])
        for path in modules_of(room)
        for name in imports_of(path)
        if name.startswith("cdp_assets.")
    }
    assert {(path, target) for path, target in found if target not in allowed} == set()


def test_the_demo_is_apart_from_the_pipeline() -> None:
    """The pipeline never reads the truth: no room but the commands may import the simulator."""
    offenders = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if path.relative_to(PACKAGE).parts[0] not in {"demo", "commands"}
        and any(name.startswith("cdp_assets.demo") for name in imports_of(path))
    }
    assert offenders == set()


@pytest.mark.parametrize("module", ["insight.attribution", "identity.evidence.normalise"])
def test_a_module_of_a_room_is_imported_before_its_face(module: str) -> None:
    subprocess.run([sys.executable, "-c", f"import cdp_assets.{module}"], check=True, capture_output=True)


def test_definitions_hold_no_logic() -> None:
    tree = ast.parse((PACKAGE / "definitions.py").read_text(encoding="utf-8"))
    assert not [
        node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef | ast.For | ast.If)
    ]


@pytest.mark.parametrize(
    "path", sorted(PACKAGE.rglob("*.py")), ids=lambda path: path.relative_to(PACKAGE).as_posix()
)
def test_every_module_says_what_it_is_for(path: Path) -> None:
    assert ast.get_docstring(ast.parse(path.read_text(encoding="utf-8")))


def test_sql_is_quoted_in_one_place() -> None:
    escapes = re.compile(r"""replace\(\s*(?:"'",\s*"''"|'"',\s*'""')\s*\)""")
    offenders = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if escapes.search(path.read_text(encoding="utf-8"))
    }
    # CSV doubles its quotes, too.
    assert offenders - {"sql_text.py", "activation/rendering.py"} == set(), "cdp_assets/sql_text.py quotes"


def test_pseudonyms_are_made_in_one_place() -> None:
    """A second way to one would give the same person another key. Digests that a platform asks for are no pseudonyms of ours."""
    makes = re.compile(r"^\s*(import|from) hmac\b|^\w+ = \"chr\(31\)\"|\bmacro pseudonym\b", re.MULTILINE)
    offenders = {
        path.relative_to(PACKAGE).as_posix()
        for path in PACKAGE.rglob("*.py")
        if makes.search(path.read_text(encoding="utf-8"))
    }
    assert offenders == {"keys.py"}, "cdp_assets/keys.py makes them"


def test_scoring_has_no_import_circle() -> None:
    """Also not one that hides in a function: model and training knew each other."""
    scoring = {path.stem: set(imports_of(path)) for path in (PACKAGE / "identity" / "scoring").glob("*.py")}
    needs = {
        name: {other for other in scoring if f"cdp_assets.identity.scoring.{other}" in found}
        for name, found in scoring.items()
    }
    needs["in_force"] |= {"training"}
    while free := [name for name, others in needs.items() if not others & set(needs)]:
        for name in free:
            del needs[name]
    assert needs == {}
