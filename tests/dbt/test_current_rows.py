"""`current_rows` against the rule said plainly in Python: of each key the rows of its newest version, all of them."""

from __future__ import annotations

from pathlib import Path

import duckdb
import jinja2
from hypothesis import given, settings
from hypothesis import strategies as st

ENGINE = Path(__file__).parents[2] / "dbt_project" / "macros" / "engine"

Row = tuple[str, int | None, str | None, int | None]  # load, key, second part of the key, source version
parts = st.one_of(st.none(), st.integers(1, 2))
rows = st.lists(
    st.tuples(st.sampled_from(["l1", "l2", "l3"]), parts, st.sampled_from([None, "a"]), parts), max_size=12
)
loads = st.fixed_dictionaries(
    {
        name: st.tuples(
            st.one_of(st.none(), st.integers(1, 2)), st.sampled_from(["s" + name, "s0"]), st.booleans()
        )
        for name in ("l1", "l2", "l3")
    }
)


def rendered(key: list[str], version: str | None) -> str:
    macros = "".join(
        (ENGINE / f"{name}.sql").read_text() for name in ("named_key", "same_key", "current_rows")
    )
    call = "{{ current_rows('landed_rows', 'loads', 'shop', 'orders', key, version) }}"
    return jinja2.Environment().from_string(macros + call).render(key=key, version=version)


def nullable(value: int | None) -> tuple[bool, int]:
    return (value is not None, value or 0)  # an empty one comes last


@given(rows, loads, st.booleans())
@settings(max_examples=150, deadline=None)
def test_the_newest_version_of_each_key_wins_with_all_its_rows(
    landed: list[Row], delivered: dict[str, tuple[int | None, str, bool]], has_version: bool
) -> None:
    def rank(row: Row) -> tuple[tuple[bool, int], ...] | tuple[object, ...]:
        order, sha256, _ = delivered[row[0]]
        return (nullable(row[3]) if has_version else (), nullable(order), sha256)

    live = [row for row in landed if delivered[row[0]][2]]
    expected = [
        row for row in live if rank(row) == max(rank(other) for other in live if other[1:3] == row[1:3])
    ]
    with duckdb.connect() as con:
        con.execute("create table landed_rows (_load_id text, order_id int, line text, changed int)")
        con.execute(
            "create table loads (load_id text, channel text, export text, is_current bool, status text,"
            " version_order int, delivered_sha256 text)"
        )
        if landed:
            con.executemany("insert into landed_rows values (?, ?, ?, ?)", landed)
        con.executemany(
            "insert into loads values (?, 'shop', 'orders', ?, 'landed', ?, ?)",
            [(name, current, order, sha256) for name, (order, sha256, current) in delivered.items()],
        )
        found = con.execute(
            f"select * from {rendered(['order_id', 'line'], 'changed' if has_version else None)} as current_rows"
        ).fetchall()
    assert sorted(found, key=str) == sorted(expected, key=str)
