"""Texts that an audience's rules name and that no row of the published file holds: a misspelt segment means nobody, and under `not` everybody.

That may be as it is meant (a category of next season), so it is said and not refused.
"""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from cdp_assets.activation.compiler import Statement
from cdp_assets.sql_text import identifier

_SHOWN = 12  # of a column with more values, only those are proposed that differ in case or blanks


@dataclass(frozen=True)
class Unknown:
    """A text that occurs nowhere: where it stands and of which column; `near`: what is written there instead, or likely meant."""

    place: str
    table: str
    column: str
    value: str
    near: tuple[str, ...]


def unknown_values(con: duckdb.DuckDBPyConnection, statement: Statement) -> list[Unknown]:
    """Every text of the rules that occurs nowhere, each once."""
    columns = dict.fromkeys((each.table, each.column) for each in statement.named)
    known = {each: _values(con, *each) for each in columns}
    found = []
    for each in dict.fromkeys(statement.named):
        there = known[(each.table, each.column)]
        if each.value in there:
            continue
        near = [value for value in there if _plain(value) == _plain(each.value)]
        likely = near or (there if len(there) <= _SHOWN else [])
        found.append(Unknown(each.place, each.table, each.column, each.value, tuple(likely)))
    return found


def in_words(unknown: Unknown) -> str:
    """One of them as the command line says it."""
    likely = f"; there is {', '.join(unknown.near)}" if unknown.near else ""
    return f"{unknown.place}: nothing in marts.{unknown.table} has the {unknown.column} {unknown.value!r}{likely}"


def _values(con: duckdb.DuckDBPyConnection, table: str, column: str) -> list[str]:
    name = identifier(column)
    rows = con.execute(
        f"select distinct {name} from marts.{table} where {name} is not null order by 1"
    ).fetchall()
    return [row[0] for row in rows]


def _plain(value: str) -> str:
    return "".join(each for each in value.casefold() if each.isalnum())
