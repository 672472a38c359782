"""Ids last: through merges, splits, moves and the undoing of each; in any order; and through a kill."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import duckdb
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cdp_assets.identity import IdentityProblem, assign_customer_ids, commit, resolve_id, withdraw_generations
from cdp_assets.identity.customers.commit import commit_proposal
from cdp_assets.state import connect_state
from tests.identity.identity_home import IdentityHome, key_of


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


def in_order_of_keys(*names: str) -> list[str]:
    """A new id is made from the smallest record key of its cluster."""
    return sorted(names, key=key_of)


def test_a_run_tells_of_every_change_with_its_reason(home: IdentityHome) -> None:
    before = home.assign({
        "a1": "A", "a2": "A", "a3": "A", "b1": "B", "b2": "B", "c1": "C", "c2": "C2", "d1": "D", "d2": "D", "f1": "F", "g1": "G", "h1": "H",
    }, "g1")  # fmt: skip
    with connect_state(home.settings) as con:
        con.execute(
            "insert into rulings by name select 'r' as ruling_id, 'cannot_link' as kind, ? as record_key_l, ? as record_key_r, "
            "'test' as reason, 'steward' as ruled_by, date '2024-01-01' as ruled_on, false as is_undone",
            [key_of("a1"), key_of("a3")],
        )
    home.as_of_date = date(2024, 1, 2)
    after = home.assign(
        {
            "a1": "A",
            "a2": "A",
            "a3": "X",
            "b1": "B",
            "b2": "B",
            "c1": "B",
            "c2": "B",
            "e1": "E",
            "f1": "F",
            "g1": "G",
            "h1": "H",
        }
    )
    assert home.query(
        "select record_key, channel, record_kind, old_customer_id, new_customer_id, reason from identity.customer_id_changes"
    ) == sorted([
        (key_of("a3"), "shop", "account", before["a3"], after["a3"], "ruling"),
        (key_of("c1"), "shop", "account", before["c1"], before["b1"], "evidence"),
        (key_of("c2"), "shop", "account", before["c2"], before["b1"], "evidence"),
        (key_of("d1"), "shop", "account", before["d1"], None, "record_gone"),
        (key_of("d2"), "shop", "account", before["d2"], None, "record_gone"),
        (key_of("e1"), "shop", "account", None, after["e1"], "new_record"),
    ])  # fmt: skip
    happened = home.query(
        "select event, customer_id, other_customer_id, record_count, reason, effective_at::date, generation_number "
        "from identity.customer_id_events where generation_number = 2"
    )
    today = (date(2024, 1, 2), 2)
    assert set(happened) == {
        ("created", after["a3"], None, 1, "new cluster", *today),
        ("created", after["e1"], None, 1, "new cluster", *today),
        ("split", after["a3"], before["a1"], 1, "ruling", *today),
        ("ruled", after["a3"], before["a1"], 1, "ruling", *today),
        ("merged", before["b1"], before["c1"], 1, "evidence", *today),
        ("merged", before["b1"], before["c2"], 1, "evidence", *today),
        ("retired", before["d1"], None, 0, "its records are gone", *today),
    }
    assert len(happened) == 7
    assert len({row[0] for row in home.query("select event_id from identity.customer_id_events")}) == 7 + 8
    issued = "select customer_id, origin_record_key, mint_number, first_generation, issued_at::date from identity.issued_ids order by 1"
    assert home.query(issued) == sorted(
        [
            (after["a3"], key_of("a3"), 0, 2, date(2024, 1, 2)),
            (after["e1"], key_of("e1"), 0, 2, date(2024, 1, 2)),
        ]
    )
    with home.warehouse() as con:
        again = assign_customer_ids(con, home.context)
        left = con.execute("select table_name from duckdb_tables() where temporary").fetchall()
    assert again.counts == {"customers": 7, "records_changed": 6, "merged": 2, "split": 1}
    assert not {"current_map", "claims", "cluster_ids", "ranked", "minted"} & {name for (name,) in left}


def test_a_ruling_on_one_record_is_the_reason_of_what_its_cluster_did(home: IdentityHome) -> None:
    before = home.assign({"a1": "A", "a2": "A", "a3": "A", "c1": "C", "c2": "C"}, "g1")
    with connect_state(home.settings) as con:
        con.execute(
            "insert into rulings by name select 'r' as ruling_id, 'must_link' as kind, ? as record_key_l, ? as record_key_r, "
            "'test' as reason, 'steward' as ruled_by, date '2024-01-01' as ruled_on, false as is_undone",
            [key_of("a1"), key_of("c1")],
        )
    home.assign(dict.fromkeys(["a1", "a2", "a3", "c1", "c2"], "A"))
    happened = home.query(
        "select event, customer_id, other_customer_id, record_count, reason from identity.customer_id_events "
        "where generation_number = 2 and event = 'merged'"
    )
    assert happened == [("merged", before["a1"], before["c1"], 2, "ruling")]


def test_a_revived_id_is_told_of_and_is_not_issued_again(home: IdentityHome) -> None:
    first = home.assign({"a1": "A", "a2": "A", "b1": "B"}, "g1")
    home.assign(dict.fromkeys(first, "A"), "g2")
    home.assign({"a1": "A", "a2": "A", "b1": "B"})
    rows = home.query(
        "select event, customer_id, other_customer_id, record_count, reason from identity.customer_id_events where generation_number = 3 order by 1"
    )
    assert rows == [
        ("revived", first["b1"], None, 1, "its records are together again"),
        ("split", first["b1"], first["a1"], 1, "evidence"),
    ]
    assert home.query("select * from identity.issued_ids") == []


def test_an_id_that_lives_goes_before_a_retired_one(home: IdentityHome) -> None:
    first = home.assign({"a1": "A", "a2": "A", "b1": "B"}, "g1")
    home.assign(dict.fromkeys(first, "A"), "g2")
    assert home.assign({"b1": "A"}) == {"b1": first["a1"]}


@pytest.mark.parametrize("older", ["a1", "b1"])
def test_of_two_ids_with_the_same_claim_the_one_that_held_longer_stays(
    home: IdentityHome, older: str
) -> None:
    first = home.assign({older: "A"}, "g1")
    home.assign({"a1": "A", "b1": "B"}, "g2")
    assert set(home.assign({"a1": "A", "b1": "A"}).values()) == {first[older]}


@pytest.mark.parametrize("first_of_all", ["a1", "b1"])
def test_an_id_held_longer_by_its_first_record_though_shorter_by_its_last(
    home: IdentityHome, first_of_all: str
) -> None:
    """Since when an id held a cluster's records is since the first of them."""
    other = "b1" if first_of_all == "a1" else "a1"
    first = home.assign({first_of_all: "A"}, "g1")
    two = {first_of_all: "A", other: "B", f"{other} too": "B"}
    home.assign(two, "g2")
    home.assign({**two, f"{first_of_all} too": "A"}, "g3")
    merged = home.assign(dict.fromkeys([*two, f"{first_of_all} too"], "A"))
    assert set(merged.values()) == {first[first_of_all]}


@pytest.mark.parametrize("shared", ["a1", "a2", "a3"])
def test_an_id_that_has_another_place_leaves_a_shared_cluster_to_the_other(
    home: IdentityHome, shared: str
) -> None:
    people = {"a1": "A", "a2": "A", "a3": "A", "b1": "B"}
    people[shared] = "B"
    two = {
        name: cluster
        for name, cluster in people.items()
        if name in (shared, "b1") or name == min({"a1", "a2", "a3"} - {shared})
    }
    first = home.assign({name: "B" if name == "b1" else "A" for name in two}, "g1")
    after = home.assign(two)
    assert after["b1"] == after[shared] == first["b1"]
    assert first[shared] in after.values()


def test_an_id_that_was_issued_is_never_made_again_however_often(home: IdentityHome) -> None:
    """The smallest record key leaves its cluster and comes back: each time it gets an id that nobody had."""
    least, second, third = in_order_of_keys("a", "b", "c")
    seen = [home.assign({least: "A", second: "A"}, "g1")[second]]
    home.assign({second: "A"}, "g2")
    seen.append(home.assign({second: "A", least: "B", third: "B"}, "g3")[third])
    home.assign({second: "A", third: "B"}, "g4")
    seen.append(home.assign({second: "A", third: "B", least: "C"}, "g5")[least])
    assert len(set(seen)) == 3
    numbers = home.query(
        "select customer_id, mint_number from state.issued_ids where origin_record_key = ?", [key_of(least)]
    )
    assert sorted(numbers, key=lambda row: row[1]) == list(zip(seen, range(3), strict=True))


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
    told = home.query("select event, generation_number from state.customer_id_events order by all")
    assert told == [("created", 1), ("created", 1)]
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
