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
from typing import Any

from jinja2 import Environment

DATE = "as_of_date"  # the variable, and the macro that gives it
UNTOLD = frozenset(
    {"run_query", "load_result", "get_columns_in_relation", "get_relation", "execute_macro", "env_var", "run_started_at", "invocation_id"}
)  # fmt: skip
CLOCKS = frozenset({"datetime", "pytz"})  # of dbt's `modules`
_WORD = re.compile(r"[A-Za-z_]\w*")
_JINJA = Environment(autoescape=True)  # cuts texts into tokens, renders none


def digests(
    manifest: Any, nodes: Collection[str], project: str, variables: Mapping[str, Any]
) -> dict[str, str]:
    """Node (unique id of dbt's manifest object) → digest of what its code is compiled from; none of a node of which that cannot be told.

    `project`: digest of the project's files. `variables`: of the run.
    """
    dateless = _digest(project, {name: value for name, value in variables.items() if name != DATE})
    dated = _digest(project, variables)
    macros = _Macros(manifest)
    words = {node: macros.reached(manifest.nodes[node].raw_code) for node in nodes}
    return {
        node: dated if DATE in found else dateless for node, found in words.items() if _can_be_told(found)
    }


def _can_be_told(words: frozenset[str]) -> bool:
    return not words & UNTOLD and not ("modules" in words and words & CLOCKS)


class _Macros:
    """The macros of a project, by the names that a text may call them by."""

    def __init__(self, manifest: Any) -> None:
        self._texts: dict[str, list[str]] = {}
        for macro in manifest.macros.values():
            called = macro.name.partition("__")[2] or macro.name  # duckdb__quantile is called as quantile
            for name in {macro.name, called}:
                self._texts.setdefault(name, []).append(macro.macro_sql)
        self._words: dict[str, frozenset[str]] = {}

    def reached(self, code: str) -> frozenset[str]:
        """All words of a text and of whatever macros it may call."""
        found = set(_words_of(code))
        waiting = found & self._texts.keys()
        while waiting:
            new = self._words_of(waiting.pop()) - found
            found |= new
            waiting |= new & self._texts.keys()
        return frozenset(found)

    def _words_of(self, name: str) -> frozenset[str]:
        if name not in self._words:
            self._words[name] = frozenset().union(*map(_words_of, self._texts[name]))
        return self._words[name]


def _words_of(text: str) -> frozenset[str]:
    """Names, and words within strings, of a text's Jinja: what it writes around that is SQL."""
    told = [value for _, kind, value in _JINJA.lex(text) if kind in {"name", "string"}]
    return frozenset(word for value in told for word in _WORD.findall(value))


def _digest(project: str, variables: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps([project, variables], sort_keys=True, default=str).encode()).hexdigest()[
        :32
    ]
