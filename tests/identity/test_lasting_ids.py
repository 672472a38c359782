"""Ids last: through merges, splits, moves and the undoing of each; in any order; and through a kill."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cdp_assets.identity import IdentityProblem, commit, resolve_id, withdraw_generations
from cdp_assets.identity.customers.commit import commit_proposal
from cdp_assets.state import connect_state
from tests.identity.identity_home import IdentityHome


def events(home: IdentityHome) -> set[tuple[str, str, str | None]]:
    rows = home.query(
        "select event, customer_id, other_customer_id from identity.customer_id_events where generation_number = "
        "(select coalesce(max(generation_number), 0) + 1 from state.identity_generations)"
    )
    return set(rows)


def test_unchanged_records_keep_their_ids(home: IdentityHome) -> None:
    first = home.assign({"a1": "A", "a2": "A", "b1": "B"}, "g1")
    assert home.assign({"b1": "B", "a2": "A", "a1": "A", "c1": "C"}) | {"c1": ""} == first | {"c1": ""}


def test_a_merge_keeps_the_larger_id_and_records_the_other(home: IdentityHome) -> None:
    first = home.assign({"a1": "A", "a2": "A", "b1": "B"}, "g1")
    merged = home.assign({"a1": "A", "a2": "A", "b1": "A"})
    assert set(merged.values()) == {first["a1"]}
    assert ("merged", first["a1"], first["b1"]) in events(home)


@pytest.mark.parametrize("kind", ["account", "member"])
def test_an_id_follows_accounts_and_members_before_it_follows_more_records(
    home: IdentityHome, kind: str
) -> None:
    """Guests come and go with each order; an account is what a person keeps."""
    kinds = {"a1": kind, "g1": "guest", "g2": "guest", "g3": "guest"}
    first = home.assign(dict.fromkeys(kinds, "A"), "g1", kinds)
    split = home.assign({"a1": "A", "g1": "B", "g2": "B", "g3": "B"}, kinds=kinds)
    assert split["a1"] == first["a1"]
    assert split["g1"] not in first.values()


def test_a_split_leaves_the_id_on_the_part_that_holds_most(home: IdentityHome) -> None:
    first = home.assign({"a1": "A", "a2": "A", "a3": "A"}, "g1")
    split = home.assign({"a1": "A", "a2": "A", "a3": "B"})
    assert split["a1"] == split["a2"] == first["a1"]
    assert split["a3"] not in first.values()
    assert ("split", split["a3"], first["a1"]) in events(home)


@pytest.mark.parametrize("sizes", [(2, 1), (1, 2), (2, 2), (1, 3)])
def test_undoing_a_merge_revives_the_retired_id(home: IdentityHome, sizes: tuple[int, int]) -> None:
    apart = {f"a{i}": "A" for i in range(sizes[0])} | {f"b{i}": "B" for i in range(sizes[1])}
    first = home.assign(apart, "g1")
    home.assign(dict.fromkeys(apart, "A"), "g2")
    again = home.assign(apart)
    assert again == first
    assert "revived" in {event for event, *_ in events(home)}


def test_a_record_that_moves_changes_only_its_own_id(home: IdentityHome) -> None:
    first = home.assign({"a1": "A", "a2": "A", "x": "A", "b1": "B", "b2": "B"}, "g1")
    moved = home.assign({"a1": "A", "a2": "A", "x": "B", "b1": "B", "b2": "B"})
    assert moved == first | {"x": first["b1"]}
    assert events(home) == {("moved", first["b1"], first["a1"])}


def test_an_id_is_never_issued_to_others(home: IdentityHome) -> None:
    first = home.assign({"a1": "A"}, "g1")
    home.assign({"b1": "B"}, "g2")
    third = home.assign({"a1": "A", "b1": "B"}, "g3")
    assert third["a1"] == first["a1"]
    assert len(home.query("select * from state.issued_ids")) == 2
    split = home.assign({"a1": "A", "a2": "C", "b1": "B"})
    assert len(set(split.values())) == 3


def test_history_says_when_and_the_map_has_one_id_per_record(home: IdentityHome) -> None:
    home.assign({"a1": "A", "b1": "B"}, "g1")
    home.assign({"a1": "A", "b1": "A"}, "g2")
    rows = home.query("select from_generation, to_generation from state.customer_id_history order by all")
    assert rows == [(1, 2), (1, None), (2, None)]


def test_resolve_answers_for_live_merged_split_and_retired_ids(home: IdentityHome) -> None:
    first = home.assign({"a1": "A", "a2": "A", "b1": "B", "z": "Z"}, "g1")
    home.assign({"a1": "A", "a2": "A", "b1": "A"}, "g2")
    assert resolve_id(home.settings, first["a1"]).status == "live"
    merged = resolve_id(home.settings, first["b1"])
    assert (merged.status, merged.current_id) == ("merged", first["a1"])
    assert resolve_id(home.settings, first["z"]).status == "retired"
    with pytest.raises(IdentityProblem, match="never issued"):
        resolve_id(home.settings, "nobody")


def test_a_commit_is_made_once_however_often_it_is_called(home: IdentityHome) -> None:
    home.assign({"a1": "A"}, "g1")
    with connect_state(home.settings) as con:
        again = commit(con, Path(home.settings.warehouse_path), "g1")
    assert not again.is_new
    assert len(home.query("select * from state.customer_id_history")) == 1


def test_a_proposal_against_an_older_map_is_refused(home: IdentityHome) -> None:
    home.assign({"a1": "A"}, "g1")
    with connect_state(home.settings) as con, pytest.raises(IdentityProblem, match="run again"):
        commit(con, Path(home.settings.warehouse_path), "g2")


def test_a_kill_inside_the_commit_changes_nothing(home: IdentityHome) -> None:
    home.assign({"a1": "A", "b1": "B"}, "g1")
    before = home.query("from state.customer_id_history order by all")
    home.assign({"a1": "A", "b1": "A"})
    with connect_state(home.settings) as con:
        con.execute(f"attach '{home.settings.warehouse_path}' as warehouse (read_only)")
        con.begin()
        commit_proposal(con, "g2")
        con.rollback()
    assert home.query("from state.customer_id_history order by all") == before
    home.commit("g2")
    assert len(set(home.assign({"a1": "A", "b1": "A"}).values())) == 1


def test_rollback_restores_the_map_and_keeps_ids_issued(home: IdentityHome) -> None:
    first = home.assign({"a1": "A", "b1": "B"}, "g1")
    home.assign({"a1": "A", "b1": "A", "c1": "C"}, "g2")
    issued = home.query("select count(*) from state.issued_ids")
    with connect_state(home.settings) as con:
        assert withdraw_generations(con, "g1") == 1
    assert home.query("select count(*) from state.issued_ids") == issued
    assert home.assign({"a1": "A", "b1": "B"}) == first


@given(
    st.permutations(["a1", "a2", "b1", "c1", "c2", "c3"]),
    st.lists(st.sampled_from("XYZ"), min_size=6, max_size=6),
)
@settings(max_examples=3, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_order_of_records_never_matters(home: IdentityHome, order: list[str], labels: list[str]) -> None:
    clusters = dict(zip(["a1", "a2", "b1", "c1", "c2", "c3"], labels, strict=True))
    assert home.assign({name: clusters[name] for name in order}) == home.assign(
        dict(sorted(clusters.items()))
    )


def test_a_closed_connection_leaves_no_lock(home: IdentityHome) -> None:
    home.assign({"a1": "A"}, "g1")
    duckdb.connect(str(home.settings.state_path)).close()
