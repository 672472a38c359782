"""What the compiled code of dbt's nodes depends on, told without compiling it: so a night need not ask dbt about what stands as it would be built.

A node's code is given by the project's files, the variables of the run, and the date of the run where the node, or a macro that it may call, speaks of it.
Which macros those are is read off the names and strings in the Jinja of their texts, so that it is never too few of them. Of a node that asks
the database while it compiles, or the clock, it cannot be told.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Mapping
from functools import cache
from typing import Any

from jinja2 import Environment

DATE = "as_of_date"  # the variable, and the macro that gives it
UNTOLD = frozenset(
    {"run_query", "load_result", "get_columns_in_relation", "get_relation", "execute_macro", "env_var", "run_started_at", "invocation_id"}
)  # fmt: skip
BY_NAME = frozenset({"dispatch", "context"})  # call macros whose names are strings
_CLOCK = re.compile(r"\bmodules\s*\.\s*(datetime|pytz)\b")
_WORD = re.compile(r"[A-Za-z_]\w*")
_JINJA = Environment(autoescape=True)  # cuts texts into tokens, renders none


def digests(
    manifest: Any, nodes: Collection[str], project: str, variables: Mapping[str, Any]
) -> dict[str, str]:
    """Node (unique id of dbt's manifest object) → digest of what its code is compiled from; none of a node of which that cannot be told.

    `project`: tells the project's files and the home that they are compiled for apart from others. `variables`: of the run.
    """
    dateless = _digest(project, {name: value for name, value in variables.items() if name != DATE})
    dated = _digest(project, variables)
    macros = _Macros(manifest)
    words = {node: macros.reached(_text_of(manifest.nodes[node])) for node in nodes}
    return {node: dated if DATE in found else dateless for node, found in words.items() if not found & UNTOLD}


def _text_of(node: Any) -> str:
    """What a node is written as; arguments of a generic test are rendered when it is compiled."""
    told = getattr(getattr(node, "test_metadata", None), "kwargs", None) or {}
    return "\n".join([node.raw_code, *map(str, told.values())])


class _Macros:
    """The macros of a project, by the names that a text may call them by."""

    def __init__(self, manifest: Any) -> None:
        self._texts: dict[str, list[str]] = {}
        for macro in manifest.macros.values():
            called = macro.name.partition("__")[2] or macro.name  # duckdb__quantile is called as quantile
            for name in {macro.name, called}:
                self._texts.setdefault(name, []).append(macro.macro_sql)

    def reached(self, code: str) -> frozenset[str]:
        """All words in the Jinja of a text and of whatever macros it may call."""
        found, waiting = _words_of(code)
        seen: set[str] = set()
        while names := (waiting & self._texts.keys()) - seen:
            seen |= names
            for words, called in (_words_of(text) for name in names for text in self._texts[name]):
                found |= words
                waiting |= called
        return found


@cache  # a night asks for the same macros with each command of dbt
def _words_of(text: str) -> tuple[frozenset[str], frozenset[str]]:
    """(words, those that may be names of macros) of a text's Jinja: what it writes around that is SQL. dbt's clock counts as a moment of the run."""
    told = [(kind, value) for _, kind, value in _JINJA.lex(text)]
    names = frozenset(value for kind, value in told if kind == "name")
    said = frozenset(word for kind, value in told if kind == "string" for word in _WORD.findall(value))
    words = names | said | ({"run_started_at"} if _CLOCK.search(text) else set())
    return words, names | said if names & BY_NAME else names


def _digest(project: str, variables: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps([project, variables], sort_keys=True, default=str).encode()).hexdigest()[
        :32
    ]
