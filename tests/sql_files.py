"""The SQL files that Python runs, as tests read them: what their heads say, and their text with the examples filled in."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import yaml

from cdp_assets import sql_text

PACKAGE = Path(sql_text.__file__).parent
SQL_FILES = sorted(path for path in PACKAGE.rglob("*.sql") if path.parent.name != "state_schema")


def header(path: Path) -> dict[str, Any]:
    """holes (an example of each) and unportable (words outside the list that DuckDB and Spark take alike): the comment at the file's head, if it has one."""
    found = re.match(r"\{#\n(.*?)#\}", path.read_text(encoding="utf-8"), re.DOTALL)
    return yaml.safe_load(found[1]) if found else {}


def rendered(path: Path) -> str:
    """The statement, filled in with the examples."""
    package = ".".join(["cdp_assets", *path.parent.relative_to(PACKAGE).parts])
    return sql_text.from_file(f"{package}.any", path.stem, **header(path).get("holes", {}))
