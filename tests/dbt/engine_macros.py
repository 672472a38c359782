"""The macros of macros/engine as one engine gets them, without dbt: for tests of what they mean."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from types import CodeType
from typing import Any

import jinja2

FOLDER = Path(__file__).parents[2] / "dbt_project" / "macros" / "engine"


class _Adapter:
    """What the macros ask of dbt's adapter: to find their other half."""

    def __init__(self, engine: str) -> None:
        self.engine = engine
        self.macros: Any = None

    def dispatch(self, name: str, package: str) -> Any:
        assert package == "onefold"
        return getattr(self.macros, f"{self.engine}__{name}")


def _environment() -> jinja2.Environment:
    return jinja2.Environment(extensions=["jinja2.ext.do"])  # SQL, not HTML


@cache
def _compiled() -> CodeType:
    """All of the folder, compiled once a process: that takes a quarter of a second."""
    texts = [path.read_text(encoding="utf-8") for path in sorted(FOLDER.glob("*.sql"))]
    return _environment().compile("\n".join(text for text in texts if "{% materialization" not in text))


def rendered(text: str, engine: str = "duckdb", **given: Any) -> str:
    """A text with calls of engine macros (`select {{ add_days('a', 1) }}`, a whole model) as dbt renders it for an engine.

    `given` is what else it calls: `ref`, `var`, a macro of another folder.
    """
    adapter = _Adapter(engine)
    environment = _environment()
    environment.globals.update({"adapter": adapter, "return": lambda found: found, **given})
    every = jinja2.Template.from_code(environment, _compiled(), environment.globals)
    adapter.macros = every.module
    macros = {name: found for name, found in vars(every.module).items() if not name.startswith("_")}
    environment.globals.update(macros)
    return environment.from_string(text).render()
