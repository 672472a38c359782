"""Texts that an audience's rules name and that no row of the published file holds: a misspelt segment means nobody, and under `not` everybody.

That may be as it is meant (a category of next season), so it is said and not refused.
"""

from __future__ import annotations

import duckdb

from cdp_assets.activation.compiler import Statement
from cdp_assets.sql_text import identifier

_SHOWN = 12  # of a column with more values, only those are proposed that differ in case or blanks


def unknown_values(con: duckdb.DuckDBPyConnection, statement: Statement) -> list[str]:
    """In words, one a text: where it stands, and what there is in its place."""
    columns = dict.fromkeys((each.table, each.column) for each in statement.named)
    known = {each: _values(con, *each) for each in columns}
    said = []
    for each in dict.fromkeys(statement.named):
        there = known[(each.table, each.column)]
        if each.value in there:
            continue
        near = [value for value in there if _plain(value) == _plain(each.value)]
        shown = near or (there if len(there) <= _SHOWN else [])
        likely = f"; there is {', '.join(shown)}" if shown else ""
        said.append(
            f"{each.place}: nothing in marts.{each.table} has the {each.column} {each.value!r}{likely}"
        )
    return said


def _values(con: duckdb.DuckDBPyConnection, table: str, column: str) -> list[str]:
    name = identifier(column)
    rows = con.execute(
        f"select distinct {name} from marts.{table} where {name} is not null order by 1"
    ).fetchall()
    return [row[0] for row in rows]


def _plain(value: str) -> str:
    return "".join(each for each in value.casefold() if each.isalnum())
