"""Every word on the pages comes from the catalogue, and the catalogue holds no word that no page asks for."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from cdp_assets.pages.texts import catalogue
from cdp_assets.settings import PROJECT_DIR

PAGES = PROJECT_DIR / "cdp_assets" / "pages"
MODULES = sorted(PAGES.glob("*.py"))
SPEAKS = {
    "title", "header", "subheader", "caption", "info", "warning", "error", "success", "metric", "button", "radio", "selectbox",
    "text_input", "text_area", "multiselect", "tabs", "expander", "download_button", "form_submit_button", "pills", "badge",
    "segmented_control", "select_slider",
}  # fmt: skip
# Words that data brings: columns, codes, names of models.
FAMILIES = {
    "columns", "attributes", "record_kinds", "events", "rules", "statuses", "metric_groups", "metrics", "totals", "customer_types",
    "models", "comparisons", "outcomes", "reconciliations", "attribution_metrics", "identity_metrics", "id_events", "review_kinds", "rulings",
    "guards", "words", "calibrations", "stages", "value_models", "marketing_channels",
}  # fmt: skip


def calls(path: Path) -> Iterator[ast.Call]:
    yield from (
        node for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)
    )


def name_of(call: ast.Call) -> str:
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.name)
def test_no_page_speaks_in_its_own_words(path: Path) -> None:
    spoken = [
        call.args[0].value
        for call in calls(path)
        if name_of(call) in SPEAKS and call.args and isinstance(call.args[0], ast.Constant)
    ]
    assert [text for text in spoken if isinstance(text, str) and re.search("[A-Za-z]", text)] == []


def test_every_text_that_a_page_asks_for_exists() -> None:
    asked = {
        (name_of(call), call.args[0].value)
        for path in MODULES
        for call in calls(path)
        if name_of(call) in {"t", "section", "empty"} and call.args and isinstance(call.args[0], ast.Constant)
    }
    keys = {key for name, key in asked if name != "section"}
    keys |= {f"{key}.{part}" for name, key in asked if name == "section" for part in ("title", "help")}
    assert sorted(keys - set(catalogue())) == []


def test_every_text_of_the_catalogue_is_asked_for() -> None:
    asked = re.compile("|".join(f"(?:{pattern})" for path in MODULES for pattern in patterns_of(path)))
    unasked = [key for key in catalogue() if key.split(".")[0] not in FAMILIES and not asked.fullmatch(key)]
    assert unasked == []


def patterns_of(path: Path) -> Iterator[str]:
    """What the texts asked for in a module can be called; what is filled in at run time may be any word."""
    for call in calls(path):
        name = name_of(call)
        for node in ast.walk(call) if name in {"t", "section", "empty"} else ():
            if isinstance(node, ast.Constant | ast.JoinedStr):
                yield pattern_of(node) + (r"\.(?:title|help)" if name == "section" else "")


def pattern_of(node: ast.Constant | ast.JoinedStr) -> str:
    parts = node.values if isinstance(node, ast.JoinedStr) else [node]
    return "".join(re.escape(str(part.value)) if isinstance(part, ast.Constant) else r"\w+" for part in parts)
