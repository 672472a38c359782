"""What training learns: of households, of documents that are lent, from which pairs, and in which order names must weigh."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from cdp_assets.identity.scoring import training
from cdp_assets.identity.scoring.comparisons import MUST_FALL
from cdp_assets.identity.scoring.model import Parameters, prior_parameters
from cdp_assets.identity.scoring.training import Patterns, check_parameters, maximise, pool_small_rises

PLACES = {comparison.name: place for place, comparison in enumerate(training._TRAINED)}


def number(comparison: str, level: str) -> int:
    found = next(each for each in (*training._TRAINED, training._HOUSEHOLD) if each.name == comparison)
    return training._level_number(found, level)


def patterns(same_birth: int, other_birth: int) -> Patterns:
    """2,000 clear matches; pairs at one address under two given names, with the same birth date and with others; strangers."""
    kinds = [
        ({"name": "exact", "birth_date": "exact", "address": "street_and_area"}, "else", 2_000),
        ({"name": "family_same_given_differs", "birth_date": "exact", "address": "street_and_area"}, "other_person_1_birth", same_birth),
        ({"name": "family_same_given_differs", "birth_date": "else", "address": "street_and_area"}, "other_person_1", other_birth),
        ({"name": "else", "birth_date": "else", "address": "else"}, "nothing_shared", 20_000),
    ]  # fmt: skip
    levels = np.full((len(kinds), len(PLACES)), -1)
    for row, (known, _, _) in enumerate(kinds):
        for comparison, level in known.items():
            levels[row, PLACES[comparison]] = number(comparison, level)
    return Patterns(
        levels, np.zeros(len(kinds)), np.array([float(count) for _, _, count in kinds]),
        np.array([number("household", level) for _, level, _ in kinds]),
    )  # fmt: skip


def chance_of_same_birth(same_birth: int, other_birth: int) -> float:
    """Probability, after training, that two given names at one address with one birth date are one person."""
    parameters: Parameters = prior_parameters(2_000 / 5e6, 3_000)
    seen = patterns(same_birth, other_birth)
    maximise(parameters, seen, 5e6)
    return float(training._match_share(parameters, seen)[1])


def test_where_many_share_a_birth_date_but_few_have_relatives_they_are_no_twins() -> None:
    assert chance_of_same_birth(400, 10) > 0.9


def test_where_there_are_families_who_shares_a_birth_date_is_a_twin() -> None:
    assert chance_of_same_birth(40, 1_000) < 0.001


def test_a_few_of_them_are_no_reason_to_doubt_twins() -> None:
    assert chance_of_same_birth(4, 0) < 0.001


def _of_kinds(*kinds: tuple[dict[str, str], int]) -> Patterns:
    levels = np.full((len(kinds), len(PLACES)), -1)
    for row, (known, _) in enumerate(kinds):
        for comparison, level in known.items():
            levels[row, PLACES[comparison]] = number(comparison, level)
    nothing = np.full(len(kinds), number("household", "nothing_shared"))
    return Patterns(levels, np.zeros(len(kinds)), np.array([float(count) for _, count in kinds]), nothing)


def test_a_level_is_learnt_from_pairs_that_were_not_found_by_it() -> None:
    """Half of the matches that name and street find have another birth date; those that the birth date found all have the same."""
    same = {"name": "exact", "address": "street_and_area", "national_id": "exact"}
    seen = _of_kinds(
        (same | {"birth_date": "exact"}, 1_000), (same | {"birth_date": "else"}, 1_000), (same | {"birth_date": "exact"}, 8_000),
        ({"name": "else", "birth_date": "else", "address": "else"}, 20_000),
    )  # fmt: skip
    is_free = np.ones(seen.levels.shape, dtype=bool)
    is_free[2, PLACES["birth_date"]] = False
    learnt: Parameters = prior_parameters(10_000 / 5e8, 30_000)
    taken_whole: Parameters = prior_parameters(10_000 / 5e8, 30_000)
    maximise(learnt, replace(seen, is_free=is_free), 5e8)
    maximise(taken_whole, seen, 5e8)
    assert learnt["comparisons"]["birth_date"]["else"]["m"] == pytest.approx(0.48, abs=0.02)
    assert taken_whole["comparisons"]["birth_date"]["else"]["m"] == pytest.approx(0.1, abs=0.02)


@pytest.mark.parametrize(
    ("better", "worse"),
    [("family_only", "family_same_given_differs"), ("given_only", "given_same_family_differs")],
)
def test_another_name_never_weighs_more_than_a_missing_one(better: str, worse: str) -> None:
    parameters: Parameters = prior_parameters(1e-4, 10_000)
    names = parameters["comparisons"]["name"]
    names[worse]["m"] = names[worse]["u"] * 100
    names[better]["m"] = names[better]["u"] / 100
    assert pool_small_rises(parameters)
    assert training._bits(names[worse]) == pytest.approx(training._bits(names[better]))
    assert check_parameters(parameters, {"converged": True}) == []


def test_pooling_leaves_what_is_in_order_and_what_is_far_out_of_it() -> None:
    parameters: Parameters = prior_parameters(1e-4, 10_000)
    assert all(name in parameters["comparisons"] for name, _ in MUST_FALL)
    assert pool_small_rises(parameters) == []
    parameters["comparisons"]["gender"]["else"]["m"] = (
        2.0**3 * parameters["comparisons"]["gender"]["exact"]["m"]
    )
    assert pool_small_rises(parameters) == []


def test_where_documents_are_lent_the_same_document_weighs_less() -> None:
    matches = {"name": "exact", "birth_date": "exact", "national_id": "exact"}
    lent = {"name": "else", "birth_date": "else", "national_id": "exact", "address": "else"}
    weights = []
    for count in (0, 300):
        parameters: Parameters = prior_parameters(2_000 / 5e8, 30_000)
        maximise(
            parameters,
            _of_kinds((matches, 2_000), (lent, count), ({"name": "else", "birth_date": "else"}, 20_000)),
            5e8,
        )
        weights.append(training._bits(parameters["comparisons"]["national_id"]["exact"]))
    assert weights[1] < weights[0] - 2.0


def test_what_is_void_weighs_nothing_whatever_the_data() -> None:
    parameters: Parameters = prior_parameters(2_000 / 5e6, 3_000)
    shared = {
        "name": "family_of_shared_home",
        "birth_date": "exact",
        "address": "shared_home_unnamed",
        "national_id": "exact",
    }
    maximise(parameters, _of_kinds((shared, 2_000), ({"name": "else", "birth_date": "else"}, 20_000)), 5e6)
    assert training._bits(parameters["comparisons"]["name"]["family_of_shared_home"]) == 0.0
    assert training._bits(parameters["comparisons"]["address"]["shared_home_unnamed"]) == 0.0
