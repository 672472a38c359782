"""Clusters: what belongs together, whatever the order of the edges, and never across a veto."""

from __future__ import annotations

import random
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from cdp_assets.identity import IdentityContext
from cdp_assets.identity.customers.grouping import Edge, cluster_component, is_suspicious, split_suspicious

CONTEXT = IdentityContext(b"k", date(2024, 1, 1))
edges_of_ten = st.lists(
    st.tuples(st.integers(3, 40).map(float), st.integers(0, 9), st.integers(0, 9)).filter(
        lambda e: e[1] != e[2]
    ),
    max_size=25,
)
pairs_of_ten = st.lists(
    st.tuples(st.integers(0, 9), st.integers(0, 9)).filter(lambda p: p[0] != p[1]), max_size=6
)


def test_connected_records_are_one_cluster() -> None:
    assert cluster_component(range(5), [(9.0, 0, 1), (8.0, 1, 2), (7.0, 3, 4)])[0] == [[0, 1, 2], [3, 4]]


def test_a_cannot_link_costs_the_weakest_edge_between_the_two() -> None:
    clusters, refused = cluster_component(
        range(4), [(9.0, 0, 1), (5.0, 1, 2), (9.0, 2, 3)], cannot_link=[(0, 3)]
    )
    assert clusters == [[0, 1], [2, 3]]
    assert refused == [(5.0, 1, 2)]


def test_two_verified_values_of_one_kind_are_two_persons() -> None:
    verified = {0: {"national_id": "A"}, 2: {"national_id": "B"}}
    assert cluster_component(range(3), [(9.0, 0, 1), (5.0, 1, 2)], only_one=verified)[0] == [[0, 1], [2]]
    assert cluster_component(
        range(3), [(9.0, 0, 1), (5.0, 1, 2)], only_one={0: {"phone@a": "A"}, 2: {"phone@b": "B"}}
    )[0] == [[0, 1, 2]]


@given(edges_of_ten, pairs_of_ten, st.randoms(use_true_random=False))
def test_the_order_of_edges_never_matters(
    edges: list[Edge], cannot: list[tuple[int, int]], chance: random.Random
) -> None:
    shuffled = [(w, b, a) if chance.random() < 0.5 else (w, a, b) for w, a, b in edges]
    chance.shuffle(shuffled)
    assert cluster_component(range(10), edges, cannot)[0] == cluster_component(range(10), shuffled, cannot)[0]


@given(edges_of_ten, pairs_of_ten)
def test_every_record_is_in_one_cluster_and_no_veto_is_broken(
    edges: list[Edge], cannot: list[tuple[int, int]]
) -> None:
    clusters, _ = cluster_component(range(10), edges, cannot)
    assert sorted(member for cluster in clusters for member in cluster) == list(range(10))
    for left, right in cannot:
        assert not any(left in cluster and right in cluster for cluster in clusters)


@given(edges_of_ten)
def test_without_a_veto_nothing_is_refused(edges: list[Edge]) -> None:
    assert cluster_component(range(10), edges)[1] == []


def test_a_caterpillar_of_near_matches_is_cut_and_a_clique_is_not() -> None:
    chain = [(5.0 if i % 5 == 4 else 30.0, i, i + 1) for i in range(39)]
    assert is_suspicious(40, len(chain), 40, CONTEXT)
    accepted, held = split_suspicious(list(range(40)), chain, CONTEXT)
    assert sorted(len(part) for part in accepted) == [5] * 8
    assert held == []
    assert not is_suspicious(40, 40 * 39 // 2, 40, CONTEXT)


def test_what_stays_suspicious_at_every_threshold_is_held() -> None:
    chain = [(90.0, i, i + 1) for i in range(39)]
    accepted, held = split_suspicious(list(range(40)), chain, CONTEXT)
    assert (accepted, [len(part) for part in held]) == ([], [40])
