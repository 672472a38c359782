"""dbt knows who reads the marts: each page of the site is an exposure of the marts that its code names."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

import yaml

from cdp_assets.settings import PROJECT_DIR

SITE = PROJECT_DIR / "cdp_assets" / "web"
MARTS = PROJECT_DIR / "dbt_project" / "models" / "marts"


def texts_of(path: Path) -> set[str]:
    if not path.exists():
        return set()
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str)
    }


def test_the_exposures_are_the_pages_and_what_they_read() -> None:
    marts = {path.stem for path in MARTS.glob("*.sql")}
    read = {
        path.stem: marts & (texts_of(path) | texts_of(SITE / "queries" / path.name))
        for path in (SITE / "pages").glob("*.py")
    }
    exposures: list[dict[str, Any]] = yaml.safe_load((MARTS / "_exposures.yml").read_text(encoding="utf-8"))[
        "exposures"
    ]
    told = {
        each["name"].removeprefix("page_"): set(re.findall(r"ref\('(\w+)'\)", " ".join(each["depends_on"])))
        for each in exposures
    }
    assert told == {page: names for page, names in read.items() if names}
