"""Whole runs of identity: incremental equals full, order never matters, rulings work, a model stays."""

from __future__ import annotations

import dataclasses
import json
from datetime import date

import duckdb
import pytest

from cdp_assets import identity
from cdp_assets.identity import IdentityKnobs, IdentityProblem
from cdp_assets.identity.cached_tables import forget_makers
from cdp_assets.identity.evidence import nodes, normalise
from cdp_assets.identity.scoring import training
from cdp_assets.identity.scoring.model import current_model_read_only, frozen_terms_sql
from cdp_assets.identity.stewards.explain import explain_customer, explain_records
from cdp_assets.state import connect_state
from tests.identity.identity_home import IdentityHome, Row, key_of, person

pytestmark = pytest.mark.integration

FIRST = ["Anna", "Carl", "Eva", "Gustav", "Ida", "Karl", "Mia", "Otto", "Quinn", "Sia", "Tom", "Ursula"]
LAST = ["Berg", "Dunn", "Ford", "Hale", "Jung", "Lund", "Nord", "Penn", "Rost", "Tran", "Voss", "Wolf"]


def base(count: int = 60) -> list[Row]:
    """Persons with an account each, every other one also a guest with the same e-mail, and some a slip in it."""
    rows = []
    for i in range(count):
        given, family = FIRST[i % 12], LAST[(i // 12 + i) % 12]
        contact = {
            "email": f"{given}.{family}{i}@mail{i % 7}.net".lower(),
            "birth_date": f"19{50 + i % 45}-0{1 + i % 9}-1{i % 9}",
        }
        rows.append(
            person(
                f"a{i}",
                given_name=given,
                family_name=family,
                phone=f"+1415{5550000 + 37 * i}",
                city="Reno",
                **contact,
            )
        )
        if i % 2:
            rows.append(
                person(f"g{i}", record_kind="guest", full_name=f"{given} {family}", email=contact["email"])
            )
        if i % 5 == 0:
            rows.append(
                person(
                    f"s{i}",
                    full_name=f"{given} {family}x",
                    birth_date=contact["birth_date"],
                    email=contact["email"],
                )
            )
    return rows


def scores(home: IdentityHome) -> list[tuple[object, ...]]:
    return home.query("select node_key_l, node_key_r, match_weight from identity.pairs order by all")


def forget_scores(home: IdentityHome) -> None:
    """Neither state nor the warehouse knows of any."""
    with connect_state(home.settings) as con:
        con.execute(
            "delete from identity_scored_nodes; delete from identity_pairs; delete from identity_overfull_blocks"
        )
    with home.warehouse() as con:
        forget_makers(con)


def test_incremental_equals_full_and_the_model_stays(home: IdentityHome) -> None:
    rows = base()
    home.write(rows[:70])
    home.run()
    home.commit("g1")
    model = home.query("select model_version from state.identity_models where is_current")
    home.write(rows)
    night = home.run()["score_pairs"].counts
    assert 0 < float(night["nodes_scored"]) < 40
    incremental, ids = scores(home), home.ids()
    forget_scores(home)
    full = home.run()["score_pairs"].counts
    assert full["nodes_scored"] == full["nodes"]
    assert scores(home) == incremental
    assert home.ids() == ids
    assert home.query("select model_version from state.identity_models where is_current") == model


def test_only_what_was_delivered_anew_is_read_and_the_outcome_is_that_of_reading_all(
    home: IdentityHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    def read_again() -> tuple[object, list[tuple[object, ...]]]:
        with home.warehouse() as con:
            count = identity.normalise_records(con, home.context).counts["read"]
        return count, home.query("from identity.records order by record_key")

    rows = base(30)
    home.write(rows)
    assert read_again()[0] == len(rows)
    changed = [{**row, "given_name": "Zoë", "phone": "+14155559999"} for row in rows[:3]]
    home.write([*changed, *rows[5:], person("new", channel="mini", full_name="王小明", phone="13812345678")])
    read, kept = read_again()
    assert read == 4
    assert len(kept) == len(rows) - 1
    monkeypatch.setattr(normalise, "_rules", lambda: "other rules")
    read, whole = read_again()
    assert read == len(rows) - 1
    assert kept == whole
    home.write(rows)
    monkeypatch.setattr(
        IdentityHome, "context", dataclasses.replace(home.context, phone_regions={"shop": "DE"})
    )
    assert read_again()[0] == len(rows)
    with home.warehouse() as con:
        con.execute("alter table identity.customer_records rename column given_name to nickname")
        con.execute("alter table identity.customer_records rename column family_name to given_name")
    assert read_again()[0] == len(rows)


def test_what_is_no_number_where_the_channel_is_may_be_one_where_the_person_lives(home: IdentityHome) -> None:
    """A shop of the United States that writes a member's country by name, and her number as one dials it there."""
    rows = [
        person("a", phone="9123 4567", country="Singapore"),
        person("b", phone="0171 2345678", country="Deutschland"),
        person("c", phone="(415) 555-0123", country="Germany"),  # read where the channel is, if it can be
        person("d", phone="9123 4567", country="United States"),
    ]
    home.write(rows)
    context = dataclasses.replace(home.context, phone_regions={"shop": "US"})
    with home.warehouse() as con:
        identity.normalise_records(con, context)
    assert home.query(
        "select source_customer_id, phone, country_key, is_phone_unreadable from identity.records order by all"
    ) == [
        ("a", "+6591234567", "SG", False),
        ("b", "+491712345678", "DE", False),
        ("c", "+14155550123", "DE", False),
        ("d", None, "US", True),
    ]


def test_only_records_judged_anew_get_their_node_anew_and_the_outcome_is_that_of_building_all(
    home: IdentityHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    def build_again() -> tuple[object, list[object]]:
        with home.warehouse() as con:
            for step in (identity.normalise_records, identity.refuse_bad_evidence, identity.build_links):
                step(con, home.context)
            read = identity.build_nodes(con, home.context).counts["read"]
        tables = ("identity.nodes order by record_key", "identity.node_evidence order by node_key")
        return read, [home.query(f"from {table}") for table in tables]

    rows = base(30)
    home.write(rows)
    assert build_again()[0] == len(rows)
    home.run()
    home.commit("g1")
    assert build_again()[0] == 0
    with connect_state(home.settings) as con:
        identity.add_ruling(con, "cannot_link", key_of("a3"), key_of("a8"), ruled_on=date(2024, 1, 1))
    sister = {
        **next(row for row in rows if row["source_customer_id"] == "a9"),
        "source_customer_id": "sister",
        "given_name": "Zoë",
    }
    home.write([*rows[2:], sister, person("n"), person("m")])
    read, kept = build_again()
    # Both that are ruled; those whose e-mail or phone now has several bearers; the three new ones.
    assert read == 2 + sum(row["email"] == sister["email"] for row in rows) + 3
    monkeypatch.setattr(nodes, "_rules", lambda: "other rules")
    read, whole = build_again()
    assert read == len(rows) + 1
    assert kept == whole


def test_a_first_run_learns_its_model_once(home: IdentityHome, monkeypatch: pytest.MonkeyPatch) -> None:
    learnt = []
    learn = training.learn_parameters
    monkeypatch.setattr(training, "learn_parameters", lambda *given: learnt.append(1) or learn(*given))
    home.knobs = IdentityKnobs(training_records=10)
    home.write([*base(12), *(person(name, full_name="Xenia Quist") for name in ("x1", "x2"))])
    home.run()
    assert home.query("select count(*) > 0 from identity.review_evidence") == [(True,)]
    assert len(learnt) == 1


@pytest.mark.slow
def test_a_block_that_was_too_large_is_compared_once_it_shrinks(home: IdentityHome) -> None:
    home.knobs = IdentityKnobs(max_block_nodes=5)
    crowd = [
        person(f"x{i}", given_name="Wei", family_name="Zhang", birth_date=f"1990-01-1{i}") for i in range(8)
    ]
    home.write(crowd)
    home.run()
    home.commit("g1")
    assert home.query("select count(*) > 0 from state.identity_overfull_blocks") == [(True,)]
    home.write(crowd[:4])
    home.run()
    incremental = scores(home)
    forget_scores(home)
    home.run()
    assert scores(home) == incremental


@pytest.mark.slow
def test_shuffled_input_changes_nothing(home: IdentityHome, monkeypatch: pytest.MonkeyPatch) -> None:
    swapped = [("Otto", "Karl"), ("Karl", "Otto"), ("Karl", "Otto")]
    rows = [
        *base(24),
        *(person(f"w{i}", given_name=given, family_name=family) for i, (given, family) in enumerate(swapped)),
    ]
    home.write(rows)
    home.run()
    first = home.query("select * from identity.customer_ids order by record_key"), scores(home)
    home.write(rows[::-1])
    monkeypatch.setattr(normalise, "_rules", lambda: "other rules")  # so that nothing is cached
    assert home.run()["build_nodes"].counts["read"] == len(rows)
    assert (home.query("select * from identity.customer_ids order by record_key"), scores(home)) == first


def test_rulings_split_and_join_on_the_next_run_and_can_be_undone(home: IdentityHome) -> None:
    same = {"email": "jo.penn@mail.net", "full_name": "Jo Penn"}
    home.write(
        [person("a", **same), person("b", phone="+14155550101", **same), person("z", full_name="Zed Quist")]
    )
    home.run()
    home.commit("g1")
    assert home.groups() == {frozenset("ab"), frozenset("z")}
    with connect_state(home.settings) as con:
        split = identity.add_ruling(
            con, "cannot_link", key_of("a"), key_of("b"), ruled_on=date(2024, 1, 1), reason="two sisters"
        )
        identity.add_ruling(con, "must_link", key_of("a"), key_of("z"), ruled_on=date(2024, 1, 1))
    home.run()
    home.commit("g2")
    assert home.groups() == {frozenset("az"), frozenset("b")}
    with home.warehouse() as con:
        words = "\n".join(explain_records(con, home.context, key_of("a"), key_of("b")).in_words())
        assert "cannot-link (two sisters)" in words
        assert "two customers" in words
    with connect_state(home.settings) as con:
        identity.undo_ruling(con, split.ruling_id)
    home.run()
    assert home.groups() == {frozenset("abz")}


@pytest.mark.slow
def test_one_record_split_off_a_customer_of_many_leaves_the_others_together(home: IdentityHome) -> None:
    same = {"email": "jo.penn@mail.net", "full_name": "Jo Penn", "phone": "+14155550101"}
    names = [f"r{number}" for number in range(home.context.knobs.max_block_nodes + 10)]
    home.write([person(name, **same) for name in names])
    home.run()
    home.commit("g1")
    assert home.groups() == {frozenset(names)}
    first, *others = names
    with connect_state(home.settings) as con:
        for other in others:
            identity.add_ruling(con, "cannot_link", key_of(first), key_of(other), ruled_on=date(2024, 1, 1))
    home.run()
    assert home.groups() == {frozenset([first]), frozenset(others)}


def test_explanations_give_weights_and_a_page_of_its_own(home: IdentityHome) -> None:
    home.write([
        person("a", full_name="Jo Penn", email="jo.penn@mail.net"), person("b", full_name="Joe Penn", email="jo.penn@mail.net"),
        person("c", full_name="Otto Quist", email="test@test.com"), person("d", full_name="Otto Quist", email="test@test.com"),
    ])  # fmt: skip
    home.run()
    with home.warehouse() as con:
        found = explain_records(con, home.context, key_of("a"), key_of("b"))
        assert found.is_same
        assert {line.comparison for line in found.waterfall} >= {"name", "email"}
        assert sum(
            line.bits + line.term_bits for line in found.waterfall
        ) + found.starting_bits == pytest.approx(found.match_weight)
        page = identity.explanations_page([found])
        assert "same e-mail" in page and "<svg" in page and "src=" not in page
        assert "penn" not in page.lower()
        assert "penn" not in "\n".join(found.in_words()).lower()
        twins = explain_records(con, home.context, key_of("c"), key_of("d"))
        assert any("placeholder" in message for message in twins.guards)
        customer = home_customer(con, "a")
        assert len(explain_customer(con, home.context, customer)) == 1
        with pytest.raises(IdentityProblem, match="not in the last build"):
            explain_records(con, home.context, "nothing", key_of("a"))


@pytest.mark.slow
def test_a_published_model_has_each_term_once_though_state_and_the_last_build_hold_it(
    home: IdentityHome,
) -> None:
    home.write(base(12))
    home.run()
    home.commit("g1")
    with home.warehouse() as con:
        terms = frozen_terms_sql(current_model_read_only(con, home.context), "warehouse")
        rows, terms_of_it = con.execute(
            f"select count(*), count(distinct (column_name, term_key)) from {terms}"
        ).fetchall()[0]
    assert rows == terms_of_it > 0


def home_customer(con: duckdb.DuckDBPyConnection, source_id: str) -> str:
    row = con.execute(
        "select customer_id from identity.customer_ids where source_customer_id = ?", [source_id]
    ).fetchone()  # type: ignore[attr-defined]
    return str(row[0])


def test_the_review_queue_ranks_by_what_a_ruling_changes(home: IdentityHome) -> None:
    pairs = [("x1", "x2"), ("y1", "y2")]
    rows = [
        person(name, full_name=who)
        for pair, who in zip(pairs, ("Xenia Quist", "Zoltan Wirt"), strict=True)
        for name in pair
    ]
    home.write([*rows, *base(12)])
    with home.warehouse() as con:
        con.execute(
            "create or replace table identity.customer_activity as select 'shop' as channel, x as source_customer_id, r as revenue "
            "from (values ('x1', 5.0), ('x2', 5.0), ('y1', 900.0), ('y2', 700.0)) as t(x, r)"
        )
    home.run()
    queue = home.query(
        "select record_key_l, revenue_affected, records_affected from identity.review_queue order by rank"
    )
    assert queue[0][0] in {key_of("y1"), key_of("y2")}
    assert [row[1] for row in queue[:2]] == [700.0, 5.0]
    evidence = home.query(
        "select q.rank, q.match_weight, sum(e.bits), count(*), list(e.comparison order by e.comparison) "
        "from identity.review_queue as q join identity.review_evidence as e using (record_key_l, record_key_r) "
        "group by all order by all"
    )
    assert [row[0] for row in evidence] == [1, 2]
    for _, weight, bits, _, comparisons in evidence:
        assert bits == pytest.approx(weight, abs=1e-6)  # the waterfall ends at the pair's weight
        assert comparisons == ["name", "start"]  # a name is all that these records have


def test_training_makes_a_version_and_a_failed_one_keeps_the_old(
    home: IdentityHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    home.write(base())
    home.run()
    home.commit("g1")
    old = home.query("select model_version from state.identity_models where is_current")
    with home.warehouse() as con:
        model = identity.train_model(con, home.context)
        report = json.loads(con.execute("select report from identity.models").fetchall()[0][0])
    assert report["passed"] and report["converged"] and model.version != old[0][0]
    monkeypatch.setattr("cdp_assets.identity.scoring.training.check_parameters", lambda *_: ["weights rise"])
    with (
        home.warehouse() as con,
        pytest.raises(IdentityProblem, match="the model in force stays: weights rise"),
    ):
        identity.train_model(con, home.context)
    assert home.query("select count(*) from identity.models") == [(0,)]
    assert home.query("select model_version from state.identity_models where is_current") == old


def test_a_large_change_is_over_the_limits_and_leaves_state_alone(home: IdentityHome) -> None:
    home.knobs = dataclasses.replace(home.knobs, min_customers_for_gate=5)
    apart = {f"r{i}": f"c{i}" for i in range(20)}
    home.assign(apart, "g1")
    home.assign(apart | {f"r{i}": "one" for i in range(8)})
    with home.warehouse() as con:
        found = identity.measure_blast_radius(con, home.knobs)
    assert (found.merged, found.records_moved, found.is_within_limits) == (7, 7, False)
    assert any("customers merged: 35.0%" in reason for reason in found.limits_broken)
    assert home.query(
        "select count(distinct customer_id) from state.customer_id_history where to_generation is null"
    ) == [(20,)]
