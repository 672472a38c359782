"""Outside text is never markup: what a path or a file's name holds is printed as it is, and breaks nothing."""

from __future__ import annotations

import ast
import io
import re
from pathlib import Path

import pytest
from rich.table import Table

from cdp_assets.commands.saying import plain_console, styled
from cdp_assets.settings import PROJECT_DIR
from cdp_assets.wording import counted

COMMANDS = PROJECT_DIR / "cdp_assets" / "commands"
ODD = "orders_[/x]_[red]_:smile:.csv"


def test_what_looks_like_markup_is_printed_as_it_is() -> None:
    out = io.StringIO()
    console = plain_console(file=out, width=200)
    console.print(f"waits {ODD}")
    console.print(styled("waits", "yellow", f" {ODD}"))
    table = Table(ODD)
    table.add_row(ODD)
    console.print(table)
    assert out.getvalue().count(ODD) == 4


def test_commands_make_plain_consoles_and_hold_no_markup() -> None:
    for path in COMMANDS.glob("*.py"):
        source = path.read_text()
        if path.name != "saying.py":
            assert not re.search(r"(?<!plain_)\bConsole\(", source), path.name
        texts = [node.value for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Constant)]
        marked = [text for text in texts if isinstance(text, str) and re.search(r"\[(/|[a-z]+\])", text)]
        assert marked == [], path.name


def test_no_other_room_prints_with_rich() -> None:
    rooms = [
        path
        for path in (PROJECT_DIR / "cdp_assets").rglob("*.py")
        if Path("commands") not in path.relative_to(PROJECT_DIR / "cdp_assets").parents
    ]
    assert [path.name for path in rooms if "rich.console" in path.read_text()] == []


def test_a_log_has_room_for_whole_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    table = Table(*(f"a long heading {number}" for number in range(6)))
    table.add_row(*["a name of some length"] * 6)
    out = io.StringIO()
    plain_console(file=out).print(table)
    assert "…" not in out.getvalue() and out.getvalue().count("a name of some length") == 6
    monkeypatch.setenv("COLUMNS", "40")
    assert plain_console(file=io.StringIO()).width == 40


@pytest.mark.parametrize(("count", "said"), [(1, "1 row"), (0, "0 rows"), (1024, "1,024 rows")])
def test_a_number_of_things(count: int, said: str) -> None:
    assert counted(count, "rows") == said
