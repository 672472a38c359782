"""What training learns of households: twins come with relatives; without these, a shared birth date is the same person."""

from __future__ import annotations

import numpy as np

from cdp_assets.identity.scoring import training
from cdp_assets.identity.scoring.model import Parameters, prior_parameters
from cdp_assets.identity.scoring.training import Patterns, maximise

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
