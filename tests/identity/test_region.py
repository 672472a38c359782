"""Which records a night clusters again: the components of what changed, whole; what was noted waits until it is struck."""

from __future__ import annotations

from collections.abc import Iterator

import duckdb
import pytest

from cdp_assets.identity import changes
from cdp_assets.identity.customers.region import write_region


@pytest.fixture
def con() -> Iterator[duckdb.DuckDBPyConnection]:
    """Components A (records a1, a2 on node na), B (b1 on nb) and C (c1, c2 on nc and nd); d1 on nd has no component yet."""
    with duckdb.connect() as opened:
        opened.execute(
            """
            create schema identity;
            create table identity.nodes as from (values
                ('a1', 'na'), ('a2', 'na'), ('b1', 'nb'), ('c1', 'nc'), ('c2', 'nd'), ('d1', 'nd')) as t (record_key, node_key);
            create table identity.clusters as from (values
                ('a1', 'A'), ('a2', 'A'), ('b1', 'B'), ('c1', 'C'), ('c2', 'C'), ('gone', 'B')) as t (record_key, component_key);
            """
        )
        yield opened


def region(
    con: duckdb.DuckDBPyConnection, *changed: tuple[str | None, str | None], is_held: bool = True
) -> list[str]:
    """Records of the region after (record, node) changed, each once."""
    changes.begin(con, "unclustered")
    for record, node in changed:
        values = (f"{each!r}" if each else "null" for each in (record, node))
        changes.note(con, "unclustered", f"select {', '.join(values)}")
    write_region(con, is_held=is_held)
    return [row[0] for row in con.execute("select record_key from region order by 1").fetchall()]


def test_where_nothing_changed_nothing_is_clustered(con: duckdb.DuckDBPyConnection) -> None:
    assert region(con) == []


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        (("a1", None), ["a1", "a2"]),
        (("d1", None), ["d1"]),
        (("gone", None), ["b1", "gone"]),
        ((None, "nb"), ["b1", "gone"]),
        ((None, "nd"), ["c1", "c2", "d1"]),
    ],
)
def test_what_changed_comes_with_all_of_its_component(
    con: duckdb.DuckDBPyConnection, changed: tuple[str | None, str | None], expected: list[str]
) -> None:
    assert region(con, changed) == expected


def test_without_clusters_to_hold_on_to_every_record_is_clustered(con: duckdb.DuckDBPyConnection) -> None:
    assert region(con, ("a1", None), is_held=False) == ["a1", "a2", "b1", "c1", "c2", "d1"]


def test_what_was_noted_waits_until_it_is_struck(con: duckdb.DuckDBPyConnection) -> None:
    assert region(con, ("a1", None), (None, "nb")) == ["a1", "a2", "b1", "gone"]
    assert region(con) == ["a1", "a2", "b1", "gone"]
    changes.strike(con, "unclustered")
    assert region(con) == []
