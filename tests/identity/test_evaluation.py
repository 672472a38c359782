"""Figures against a truth, checked by hand on four records."""

from __future__ import annotations

from pathlib import Path

import duckdb
import pytest

from cdp_assets import identity
from cdp_assets.keys import pseudonym
from cdp_assets.state import connect_state
from tests.identity.identity_home import KEY, IdentityHome, person


@pytest.fixture
def grouped(home: IdentityHome) -> IdentityHome:
    """Clusters {a, b}, {c}, {d}; a and b share a phone, c and d an e-mail; d is keyed by a natural key."""
    home.write([
        person("a", phone="+14155550101"), person("b", phone="+14155550101"), person("c", email="x@mail.net"),
        person(pseudonym(KEY, "customer", "shop", "natural-d"), email="x@mail.net"),
    ])  # fmt: skip
    with home.warehouse() as con:
        identity.normalise_records(con, home.context)
        con.execute(
            "create or replace table identity.customer_ids as select record_key, channel, source_customer_id, "
            "case when source_customer_id in ('a', 'b') then 'ab' else source_customer_id end as customer_id from identity.records"
        )
    return home


def evaluate(home: IdentityHome, truth: Path) -> identity.Evaluation:
    with home.warehouse() as con:
        return identity.evaluate(con, KEY, truth)


def write_truth(folder: Path) -> Path:
    """Persons {a}, {b, c}, {d} and an id that is no record; b and c are supported; two trap pairs."""
    folder.mkdir()
    con = duckdb.connect()
    con.execute(
        f"""
        copy (from (values ('shop', 'a', null, 'P1', 's', []), ('shop', 'b', null, 'P2', 's', ['typo']), ('shop', 'c', null, 'P2', 's', []),
            ('shop', null, 'natural-d', 'P3', null, []), ('shop', 'ghost', null, 'P4', null, []))
            as t(channel, source_customer_id, natural_key, person_id, support_id, traps))
        to '{folder}/records.parquet';
        copy (from (values ('shop', 'a', null, 'shop', 'b', null, 'family_phone', false),
            ('shop', 'b', null, 'shop', 'c', null, 'typo', true))
            as t(channel_l, id_l, natural_key_l, channel_r, id_r, natural_key_r, trap, is_match))
        to '{folder}/trap_pairs.parquet';
        """
    )
    return folder


def test_pairwise_bcubed_and_exact_clusters(grouped: IdentityHome, tmp_path: Path) -> None:
    found = evaluate(grouped, write_truth(tmp_path / "truth"))
    scores = found.oneid
    assert (scores.predicted_pairs, scores.true_pairs, scores.right_pairs) == (1, 1, 0)
    assert (scores.precision, scores.recall) == (0.0, 0.0)
    assert scores.bcubed_precision == pytest.approx((0.5 + 0.5 + 1 + 1) / 4)
    assert scores.bcubed_recall == pytest.approx((1 + 0.5 + 0.5 + 1) / 4)
    assert scores.exact_clusters == pytest.approx(1 / 3)
    assert (scores.supported_pairs, scores.supported_recall) == (1, 0.0)


def test_baselines_join_by_phone_and_by_phone_or_email(grouped: IdentityHome, tmp_path: Path) -> None:
    found = evaluate(grouped, write_truth(tmp_path / "truth"))
    assert found.phone_only.predicted_pairs == 1
    assert found.phone_or_email.predicted_pairs == 2


def test_unknown_truth_ids_are_counted_and_the_rest_is_scored(grouped: IdentityHome, tmp_path: Path) -> None:
    found = evaluate(grouped, write_truth(tmp_path / "truth"))
    assert (found.records, found.unknown_truth_ids, found.records_without_truth) == (4, 1, 0)


def test_traps_and_worst_clusters_both_ways(grouped: IdentityHome, tmp_path: Path) -> None:
    found = evaluate(grouped, write_truth(tmp_path / "truth"))
    assert {row["trap"]: row["right"] for row in found.by_trap} == {"family_phone": 0.0, "typo": 0.0}
    assert found.trap_precision == 0.0
    assert [row["customer_id"] for row in found.worst_merged] == ["ab"]
    assert [row["person_id"] for row in found.worst_split] == ["P2"]
    assert found.by_channel_pair[0]["true_pairs"] == 1


def test_labels_may_be_pairs(grouped: IdentityHome, tmp_path: Path) -> None:
    path = tmp_path / "labels.csv"
    path.write_text("channel_l,id_l,channel_r,id_r,is_match\nshop,a,shop,b,true\nshop,a,shop,c,false\n")
    scores = evaluate(grouped, path).oneid
    assert (scores.precision, scores.recall) == (1.0, 1.0)


def test_a_truth_of_another_home_or_form_is_an_error_that_says_so(
    grouped: IdentityHome, tmp_path: Path
) -> None:
    path = tmp_path / "labels.csv"
    path.write_text("channel,source_customer_id,person_id\nshop,nobody,1\n")
    with pytest.raises(identity.IdentityProblem, match="none of the 1 ids"):
        evaluate(grouped, path)
    path.write_text("id,person\n1,1\n")
    with pytest.raises(identity.IdentityProblem, match="has no column"):
        evaluate(grouped, path)
    with pytest.raises(identity.IdentityProblem, match="does not exist"):
        evaluate(grouped, tmp_path / "nothing")


def test_an_evaluation_is_kept_beside_the_generation_and_replaced_by_the_next(
    grouped: IdentityHome, tmp_path: Path
) -> None:
    found = evaluate(grouped, write_truth(tmp_path / "truth"))
    grouped.assign({"a": "one", "b": "one"}, "g1")
    kept = "select metric, dimension, value from state.identity_quality where metric like 'truth%'"
    with connect_state(grouped.settings) as con:
        for _ in range(2):
            identity.keep_evaluation(con, found, 1)
    rows = {(metric, dimension): value for metric, dimension, value in grouped.query(kept)}
    assert len(rows) == len(grouped.query(kept)) == 26
    assert rows["truth_bcubed_precision", "onefold"] == found.oneid.bcubed_precision
    assert rows["truth_recall", "phone_or_email"] == found.phone_or_email.recall


def test_only_the_published_ids_have_a_generation_to_keep_scores_with(home: IdentityHome) -> None:
    def published() -> int | None:
        with home.warehouse() as con:
            return identity.published_generation(con)

    assert published() is None
    home.assign({"a": "one", "b": "one"})
    assert published() is None  # refused
    home.commit("g1")
    assert published() == 1
    home.assign({"a": "one", "b": "two"})
    assert published() is None  # refused, on top of a published one
    home.commit("g2")
    with connect_state(home.settings) as con:
        identity.withdraw_generations(con, "g1")
    assert published() is None  # rolled back
