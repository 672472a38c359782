"""The one place where a value or a name becomes SQL text, for statements that take no parameters (attach, copy, create) and for macros' arguments.

Where a statement can bind its values, it does; nothing here makes an untrusted statement safe.
"""

from __future__ import annotations

from collections.abc import Iterable


def literal(value: object) -> str:
    """The value's text as a string literal: a path, a label, a date."""
    return "'" + escaped(str(value)) + "'"


def literals(values: Iterable[object]) -> str:
    """Several of them, with commas."""
    return ", ".join(map(literal, values))


def identifier(*parts: str) -> str:
    """A quoted name, or a path of names: database, schema, table, column."""
    return ".".join('"' + part.replace('"', '""') + '"' for part in parts)


def escaped(text: str) -> str:
    """Text as it stands within a string literal that is written by hand around it."""
    return text.replace("'", "''")
