"""Clusters from pairs, links, rulings and verified values, in the warehouse; the second look has tests of its own."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

import duckdb
import pytest

from cdp_assets.identity import IdentityContext, IdentityKnobs
from cdp_assets.identity.customers import clusters, grouping

CONTEXT = IdentityContext(
    b"k", date(2024, 1, 1), verified={"shop": ("national_id", "phone"), "club": ("national_id", "phone")}
)


@pytest.fixture
def con(monkeypatch: pytest.MonkeyPatch) -> Iterator[duckdb.DuckDBPyConnection]:
    monkeypatch.setattr(clusters, "look_again", lambda con, ctx, component, edges, **weights: (component, []))
    con = duckdb.connect()
    con.execute(
        """
        attach ':memory:' as state;
        create schema identity;
        create table identity.nodes (record_key varchar, node_key varchar);
        create table identity.node_evidence (node_key varchar, name_generation varchar);
        create table identity.scored_nodes (node_key varchar, self_weight double);
        create table identity.pairs (node_key_l varchar, node_key_r varchar, match_weight double, match_probability double);
        create table identity.links (record_key_l varchar, record_key_r varchar, link_type varchar, is_refused boolean);
        create table identity.records (record_key varchar, channel varchar, contact_role varchar);
        create table identity.identifiers (record_key varchar, identifier_type varchar, identifier_value varchar, is_blocked boolean);
        create table state.rulings (kind varchar, record_key_l varchar, record_key_r varchar, is_undone boolean);
        """
    )
    yield con
    con.close()


def add(con: duckdb.DuckDBPyConnection, table: str, rows: Sequence[Sequence[Any]]) -> None:
    con.executemany(f"insert into {table} values ({', '.join('?' * len(rows[0]))})", rows)


def write_records(
    con: duckdb.DuckDBPyConnection, names: str, channel: str = "shop", role: str = "buyer"
) -> None:
    """Records of one letter each, each a node of its own."""
    add(con, "identity.nodes", [(name, f"n{name}") for name in names])
    add(con, "identity.scored_nodes", [(f"n{name}", 9.0) for name in names])
    add(con, "identity.records", [(name, channel, role) for name in names])


def pair(con: duckdb.DuckDBPyConnection, *pairs: tuple[str, float]) -> None:
    """("ab", weight): the nodes of a and b."""
    add(
        con,
        "identity.pairs",
        [(f"n{names[0]}", f"n{names[1]}", weight, 2**weight / (1 + 2**weight)) for names, weight in pairs],
    )


def verify(con: duckdb.DuckDBPyConnection, name: str, kind: str, value: str, blocked: bool = False) -> None:
    add(con, "identity.identifiers", [(name, kind, value, blocked)])


def build(con: duckdb.DuckDBPyConnection, **knobs: Any) -> dict[str, Any]:
    return dict(
        clusters.build_clusters(con, replace(CONTEXT, knobs=replace(IdentityKnobs(), **knobs))).counts
    )


def groups(con: duckdb.DuckDBPyConnection) -> list[str]:
    """The records of each cluster, by its key."""
    rows = con.execute(
        "select string_agg(record_key, '' order by record_key) from identity.clusters group by cluster_key order by min(record_key)"
    )
    return [row[0] for row in rows.fetchall()]


def conflicts(con: duckdb.DuckDBPyConnection) -> list[tuple[Any, ...]]:
    return con.execute("from identity.cluster_conflicts order by all").fetchall()


def confidence(con: duckdb.DuckDBPyConnection) -> dict[str, float]:
    return {
        name: round(value, 4)
        for name, value in con.execute("select record_key, confidence from identity.clusters").fetchall()
    }


def test_pairs_from_the_threshold_on_join_and_confidence_is_that_of_the_best_one(
    con: duckdb.DuckDBPyConnection,
) -> None:
    write_records(con, "abcdef")
    pair(con, ("ab", 3.0), ("ac", 1.0), ("cb", 2.0), ("de", 0.0), ("ef", -0.1))
    counts = build(con)
    assert groups(con) == ["abc", "de", "f"]
    assert counts == {
        "records": 6, "records_clustered": 6, "clusters": 3, "largest_cluster": 3, "components_rebuilt": 0, "refused_unions": 0, "edges_cut": 0,
    }  # fmt: skip
    assert confidence(con) == {"a": 0.8889, "b": 0.8889, "c": 0.8, "d": 0.5, "e": 0.5, "f": 1.0}
    assert con.execute("select distinct cluster_key from identity.clusters order by 1").fetchall() == [
        ("a",),
        ("d",),
        ("f",),
    ]
    left = con.execute("select table_name from duckdb_tables() where temporary").fetchall()
    assert left == []


def test_links_join_whatever_the_scores_unless_they_are_refused(con: duckdb.DuckDBPyConnection) -> None:
    write_records(con, "abcd")
    add(con, "identity.links", [("a", "b", "card", False), ("c", "d", "card", True)])
    build(con)
    assert groups(con) == ["ab", "c", "d"]
    assert confidence(con)["a"] == 1.0


def test_a_node_holds_together_only_where_its_own_evidence_does(con: duckdb.DuckDBPyConnection) -> None:
    add(con, "identity.nodes", [("a", "n1"), ("b", "n1"), ("c", "n2"), ("d", "n2"), ("e", "n3")])
    add(con, "identity.scored_nodes", [("n1", 2.0), ("n2", -1.0), ("n3", 5.0)])
    add(con, "identity.records", [(name, "shop", "buyer") for name in "abcde"])
    add(con, "identity.pairs", [("n1", "n3", 1.0, 0.67)])
    counts = build(con)
    assert groups(con) == ["abe", "c", "d"]
    assert counts["clusters"] == 3
    assert confidence(con) == {"a": 0.8, "b": 0.8, "c": 1.0, "d": 1.0, "e": 0.6667}


def test_a_home_without_records_has_no_clusters(con: duckdb.DuckDBPyConnection) -> None:
    assert build(con) == {
        "records": 0, "records_clustered": 0, "clusters": 0, "largest_cluster": 0, "components_rebuilt": 0, "refused_unions": 0, "edges_cut": 0,
    }  # fmt: skip


def test_a_ruling_keeps_two_apart_at_the_weakest_edge_and_says_so(con: duckdb.DuckDBPyConnection) -> None:
    write_records(con, "abcdxyz")
    pair(con, ("ab", 9.0), ("bc", 5.0), ("cd", 9.0), ("xy", 4.0), ("yz", 4.0))
    add(
        con,
        "state.rulings",
        [("cannot_link", "a", "d", False), ("cannot_link", "x", "z", True), ("must_link", "x", "y", False)],
    )
    counts = build(con)
    assert groups(con) == ["ab", "cd", "xyz"]
    assert conflicts(con) == [("refused", "b", "c", 5.0, 4)]
    assert (counts["components_rebuilt"], counts["refused_unions"]) == (1, 1)


def test_a_ruling_to_link_is_stronger_than_a_card(con: duckdb.DuckDBPyConnection) -> None:
    write_records(con, "abc")
    add(con, "identity.links", [("a", "b", "card", False), ("b", "c", "ruling", False)])
    add(con, "state.rulings", [("cannot_link", "a", "c", False)])
    build(con)
    assert groups(con) == ["a", "bc"]
    assert conflicts(con) == [("refused", "a", "b", clusters.LINK_WEIGHT, 3)]


def test_two_verified_values_are_two_people(con: duckdb.DuckDBPyConnection) -> None:
    write_records(con, "abcdpq")
    pair(con, ("ab", 5.0), ("cd", 5.0), ("pq", 5.0))
    verify(con, "a", "phone", "1")
    verify(con, "b", "phone", "2")
    verify(con, "c", "phone", "3")
    verify(con, "d", "phone", "3")
    verify(con, "p", "phone", "4")
    verify(con, "q", "phone", "5", blocked=True)
    build(con)
    assert groups(con) == ["a", "b", "cd", "pq"]
    assert conflicts(con) == [("refused", "a", "b", 5.0, 2)]


def test_two_generations_are_two_people_and_who_says_none_goes_with_the_stronger_evidence(
    con: duckdb.DuckDBPyConnection,
) -> None:
    write_records(con, "abc")
    add(con, "identity.node_evidence", [("na", "1"), ("nb", None), ("nc", "2")])
    pair(con, ("ab", 5.0), ("bc", 9.0), ("ac", 6.0))
    build(con)
    assert groups(con) == ["a", "bc"]
    assert [row[:3] for row in conflicts(con)] == [("refused", "a", "b"), ("refused", "a", "c")]


def test_a_phone_counts_within_its_channel_and_a_document_everywhere(con: duckdb.DuckDBPyConnection) -> None:
    write_records(con, "ac")
    write_records(con, "bd", channel="club")
    pair(con, ("ab", 5.0), ("cd", 5.0))
    verify(con, "a", "phone", "1")
    verify(con, "b", "phone", "2")
    verify(con, "c", "national_id", "1")
    verify(con, "d", "national_id", "2")
    build(con)
    assert groups(con) == ["ab", "c", "d"]


def test_a_recipients_value_and_a_channel_that_verifies_nothing_veto_nothing(
    con: duckdb.DuckDBPyConnection,
) -> None:
    write_records(con, "a")
    write_records(con, "b", role="recipient")
    write_records(con, "cd", channel="till")
    pair(con, ("ab", 5.0), ("cd", 5.0))
    for name, value in zip("abcd", "1234", strict=True):
        verify(con, name, "phone", value)
    build(con)
    assert groups(con) == ["ab", "cd"]


CHAIN = "abcdefghijklm"  # thirteen


def chain(con: duckdb.DuckDBPyConnection, names: str, weight: float = 1.0) -> None:
    write_records(con, names)
    pair(con, *((names[i : i + 2], weight) for i in range(len(names) - 1)))


def test_a_long_chain_falls_apart_at_its_weak_edge_and_the_cut_is_shown(
    con: duckdb.DuckDBPyConnection,
) -> None:
    chain(con, CHAIN[:6], 30.0)
    chain(con, CHAIN[6:], 30.0)
    pair(con, ("fg", 1.0))
    counts = build(con, min_cluster_density=0.2)
    assert groups(con) == [CHAIN[:6], CHAIN[6:]]
    assert conflicts(con) == [("held", "f", "g", 1.0, 13)]
    assert (counts["components_rebuilt"], counts["refused_unions"]) == (1, 1)


def test_twelve_in_a_chain_are_one_customer_and_so_are_many_who_hold_together(
    con: duckdb.DuckDBPyConnection,
) -> None:
    chain(con, CHAIN[:12])
    assert build(con, min_cluster_density=0.9)["components_rebuilt"] == 0
    write_records(con, "mnopqrstuvwxyz")
    pair(
        con, *((left + right, 1.0) for left in "mnopqrstuvwxyz" for right in "mnopqrstuvwxyz" if left < right)
    )
    assert build(con, min_cluster_density=0.9)["components_rebuilt"] == 0
    assert groups(con) == [CHAIN[:12], "mnopqrstuvwxyz"]


def test_what_never_falls_apart_is_held_as_it_is(con: duckdb.DuckDBPyConnection) -> None:
    chain(con, CHAIN, 90.0)
    build(con, min_cluster_density=0.5)
    assert groups(con) == [CHAIN]
    assert conflicts(con) == [("held", "a", "m", 0.0, 13)]


@pytest.mark.parametrize(("most", "rebuilt"), [(4, 1), (5, 0)])
def test_a_limit_below_a_dozen_nodes_is_kept(con: duckdb.DuckDBPyConnection, most: int, rebuilt: int) -> None:
    chain(con, CHAIN[:5], 90.0)
    assert build(con, max_cluster_nodes=most)["components_rebuilt"] == rebuilt


@pytest.mark.parametrize(("records", "rebuilt"), [(19, 0), (20, 1)])
def test_a_component_of_very_many_records_is_looked_at(
    con: duckdb.DuckDBPyConnection, records: int, rebuilt: int
) -> None:
    add(con, "identity.nodes", [(f"r{number:02}", "n1") for number in range(records)])
    add(con, "identity.scored_nodes", [("n1", 9.0)])
    write_records(con, "z")
    add(con, "identity.pairs", [("n1", "nz", 1.0, 0.9)])
    assert build(con, max_cluster_records=2)["components_rebuilt"] == rebuilt


def test_a_component_is_judged_at_its_limits() -> None:
    def judged(nodes: int, edges: int, records: int = 0, **knobs: Any) -> bool:
        ctx = replace(
            CONTEXT,
            knobs=replace(
                IdentityKnobs(max_cluster_nodes=60, max_cluster_records=2, min_cluster_density=0.5), **knobs
            ),
        )
        return grouping.is_suspicious(nodes, edges, records, ctx)

    assert not judged(60, 60 * 59 // 2)
    assert judged(61, 61 * 60 // 2)
    assert not judged(2, 1, records=20)
    assert judged(2, 1, records=21)
    assert not judged(12, 11)
    assert not judged(13, 39)  # half of 78
    assert judged(13, 38)


def test_the_strongest_cuts_come_first_and_no_more_than_a_steward_reads() -> None:
    edges = [(float(number), number, 100) for number in range(30)]
    found = clusters._cuts([list(range(30)), [100]], edges, [edges[29]])
    assert [edge[0] for edge in found] == [float(number) for number in range(28, 8, -1)]
