"""Whether two tables have the same rows, in any order: everything exactly, doubles within 1e-9."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from cdp_assets.sql_text import identifier

RELATIVE = 1e-9  # of doubles: sums come in another order


@dataclass
class Parity:
    """What was compared: model → its rows; and the models that differ, with what differs."""

    rows: dict[str, int] = field(default_factory=dict)
    different: dict[str, str] = field(default_factory=dict)

    def table(self) -> str:
        """As a table in Markdown: models, rows, equal."""
        lines = [
            f"| {name} | {rows} | {self.different.get(name, 'yes')} |"
            for name, rows in sorted(self.rows.items())
        ]
        return "\n".join(["| model | rows | equal |", "|---|---|---|", *lines])


def differences(con: duckdb.DuckDBPyConnection, relation: str, got: Any) -> str:
    """Why Spark's rows are not the table's: nothing where they are, in any order, doubles within 1e-9."""
    columns = {row[0]: row[1] for row in con.execute(f"describe {relation}").fetchall()}
    if list(columns) != got.column_names:
        return f"columns {sorted(set(columns) ^ set(got.column_names)) or 'in another order'}"
    con.register("got", got)
    try:
        con.execute(
            "create or replace temp table theirs as select "
            + ", ".join(
                f"cast({identifier(name)} as {kind}) as {identifier(name)}" for name, kind in columns.items()
            )
            + " from got"
        )
    finally:
        con.unregister("got")
    exact = ", ".join(
        f"if(isnan({identifier(name)}), null, {identifier(name)}) as {identifier(name)}"
        if kind == "DOUBLE"
        else identifier(name)
        for name, kind in columns.items()
    )
    ours = con.execute(f"select {exact} from {relation} except all select {exact} from theirs").fetchall()
    theirs = con.execute(f"select {exact} from theirs except all select {exact} from {relation}").fetchall()
    doubles = [index for index, kind in enumerate(columns.values()) if kind == "DOUBLE"]
    left = _unmatched(ours, theirs, doubles)
    return f"{left} of {got.num_rows} rows differ" if left else ""


def _unmatched(ours: list[Any], theirs: list[Any], doubles: list[int]) -> int:
    """Rows of either side that have no row on the other one, equal but for the last digits of doubles."""

    def near(one: Any, other: Any) -> bool:
        return all(
            one[i] == other[i]
            or (
                i in doubles
                and None not in (one[i], other[i])
                and abs(one[i] - other[i]) <= RELATIVE * max(1, abs(one[i]))
            )
            for i in range(len(one))
        )

    plain = [index for index in range(len(ours[0]) if ours else 0) if index not in doubles]
    waiting: dict[tuple[Any, ...], list[Any]] = {}
    for row in theirs:
        waiting.setdefault(tuple(row[index] for index in plain), []).append(row)
    left = 0
    for row in ours:
        candidates = waiting.get(tuple(row[index] for index in plain), [])
        match = next((each for each in candidates if near(row, each)), None)
        if match is None:
            left += 1
        else:
            candidates.remove(match)
    return left + max(len(theirs) - len(ours), 0)


def compare_tables(
    ours: Path, theirs: Path, schema: str, found: Parity, leaving_out: Collection[str] = ()
) -> None:
    """Compare every table of a schema of two DuckDB files, but for some columns; one that only one of them has is a difference."""
    with duckdb.connect() as con:
        con.execute("set TimeZone = 'UTC'")
        for name, path in (("ours", ours), ("theirs", theirs)):
            con.execute(f"attach '{path}' as {name} (read_only)")
        query = (
            "select table_name from duckdb_tables() where database_name = ? and schema_name = ? order by all"
        )
        names = [
            {row[0] for row in con.execute(query, [side, schema]).fetchall()} for side in ("ours", "theirs")
        ]
        for name in sorted(names[0] | names[1]):
            found.rows[name] = 0
            if name not in names[0] & names[1]:
                found.different[name] = "only one has it"
                continue
            columns = {
                row[0] for row in con.execute(f"describe {identifier('ours', schema, name)}").fetchall()
            }
            left_out = ", ".join(identifier(column) for column in sorted(columns & set(leaving_out)))
            chosen = f"* exclude ({left_out})" if left_out else "*"
            con.execute(
                f"create or replace temp view mine as select {chosen} from {identifier('ours', schema, name)}"
            )
            got = con.sql(f"select {chosen} from {identifier('theirs', schema, name)}").to_arrow_table()
            found.rows[name] = got.num_rows
            if difference := differences(con, "mine", got):
                found.different[name] = difference
