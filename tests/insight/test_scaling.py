"""Global credit shared among the channels of each path: exact where paths permit, else the nearest that they do."""

from __future__ import annotations

import csv
from itertools import chain, combinations
from pathlib import Path

import numpy as np
import pytest
from builders import batch_of
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cdp_assets.insight import scaling
from cdp_assets.insight.chain import count_chain
from cdp_assets.insight.markov import credit, removal_effects
from cdp_assets.insight.scaling import SharedConversions, scaled_credit, share_conversions

CHANNELS = 4
SETS = [set(chosen) for size in range(1, 5) for chosen in combinations(range(CHANNELS), size)]
some_counts = st.lists(st.integers(0, 40), min_size=len(SETS), max_size=len(SETS)).filter(any)
some_weights = st.lists(st.integers(1, 30), min_size=CHANNELS, max_size=CHANNELS)


def holding(sets: list[set[int]], channels: int = CHANNELS) -> np.ndarray:
    return np.array([[channel in one for channel in range(channels)] for one in sets])


def shared(raw: list[float], counts: dict[tuple[int, ...], float]) -> SharedConversions:
    return share_conversions(
        np.array(raw), holding([set(one) for one in counts], len(raw)), np.array([*counts.values()], float)
    )


def test_credit_that_paths_permit_is_reached_exactly_by_one_weight_per_channel() -> None:
    found = shared([70.0, 40.0], {(0,): 60, (0, 1): 48, (1,): 2})
    assert not found.is_projected
    assert found.credit == pytest.approx([70.0, 40.0], abs=1e-9)
    assert found.shares.tolist() == [[1, 0], [pytest.approx(10 / 48), pytest.approx(38 / 48)], [0, 1]]


def test_a_path_of_one_channel_cannot_be_moved_to_others() -> None:
    # removal effects give a, b and c 66.7 each, but a's hundred paths hold nothing else
    found = shared([200 / 3] * 3, {(0,): 100, (1, 2): 100})
    assert found.is_projected
    assert found.credit == pytest.approx([100, 50, 50], abs=1e-9)


def test_what_a_block_lacks_is_taken_from_others_in_proportion() -> None:
    # a must have 60; of b and c, who share the rest with a, each keeps its part of what is left
    found = shared([30.0, 40.0, 30.0], {(0,): 60, (0, 1): 20, (0, 1, 2): 10, (2,): 10})
    assert found.is_projected
    assert found.credit == pytest.approx([60, 40 * 40 / 70, 30 * 40 / 70], abs=1e-9)
    assert found.shares[1].tolist() == [0, 1, 0]


def test_a_channel_without_effect_gets_nothing_where_others_are_on_its_path() -> None:
    found = shared([50.0, 0.0], {(0, 1): 30, (0,): 20})
    assert found.credit == pytest.approx([50.0, 0.0], abs=1e-9)


def test_a_channel_without_effect_keeps_the_paths_that_are_its_alone() -> None:
    found = shared([50.0, 0.0], {(0, 1): 30, (1,): 20})
    assert found.is_projected
    assert found.credit == pytest.approx([30.0, 20.0], abs=1e-9)


def test_a_month_with_one_path_is_shared_as_the_effects_say() -> None:
    found = shared([0.5, 0.3, 0.2], {(0, 1, 2): 1})
    assert found.credit == pytest.approx([0.5, 0.3, 0.2], abs=1e-9)
    assert not found.is_projected


@settings(max_examples=60, deadline=None)
@given(some_counts, some_weights)
def test_what_weights_have_shared_is_found_again(counts: list[int], weights: list[int]) -> None:
    kept = [(one, count) for one, count in zip(SETS, counts, strict=True) if count]
    members, conversions = holding([one for one, _ in kept]), np.array([count for _, count in kept], float)
    shares = members * np.array(weights, float)
    shares /= shares.sum(axis=1, keepdims=True)
    raw = shares.T @ conversions
    found = share_conversions(raw, members, conversions)
    assert np.abs(found.credit - raw).max() < 1e-9 * conversions.sum()
    assert found.shares.sum(axis=1) == pytest.approx(np.ones(len(kept)))
    assert (found.shares[~members] == 0).all()
    assert not found.is_projected


@settings(max_examples=60, deadline=None)
@given(some_counts, some_weights)
@example(
    counts=[0, 0, 9, 0, 0, 10, 0, 11, 0, 0, 0, 0, 0, 0, 1], weights=[1, 1, 1, 1]
)  # one path can carry an eighth of its credit
def test_the_nearest_credit_is_carried_by_paths_and_no_move_brings_it_nearer(
    counts: list[int], weights: list[int]
) -> None:
    kept = [(one, count) for one, count in zip(SETS, counts, strict=True) if count]
    members, conversions = holding([one for one, _ in kept]), np.array([count for _, count in kept], float)
    raw = np.array(weights, float) / sum(weights) * conversions.sum()
    raw[~members.any(axis=0)] = 0.0
    raw *= conversions.sum() / raw.sum()
    found = share_conversions(raw, members, conversions)
    assert found.shares.T @ conversions == pytest.approx(found.credit)
    assert found.credit.sum() == pytest.approx(conversions.sum())
    ratio = np.divide(found.credit, raw, out=np.ones(CHANNELS), where=raw > 0)
    # the optimum: whoever gets something of a set is at no greater ratio than the set's other channels
    for one, share in zip(members, found.shares, strict=True):
        assert ratio[(share > 1e-6)].max() <= ratio[one].min() + 1e-6
    plain = scaled_credit(raw[None], members, conversions[None], steps=20_000)[0]
    spread = members * plain
    spread /= spread.sum(axis=1, keepdims=True)
    assert np.abs(spread.T @ conversions - found.credit).max() < 2e-2 * conversions.sum()


def test_beyond_sixteen_channels_a_linear_programme_finds_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(5)
    members = np.unique(rng.random((60, 7)) < 0.3, axis=0)
    members = members[members.any(axis=1)]
    conversions = rng.integers(1, 50, len(members)).astype(float)
    raw = rng.random(7)
    raw *= conversions.sum() / raw.sum()
    enumerated = share_conversions(raw, members, conversions)
    monkeypatch.setattr(scaling, "MOST_ENUMERATED", 0)
    found = share_conversions(raw, members, conversions)
    assert found.credit == pytest.approx(enumerated.credit, rel=1e-8)
    assert found.is_projected == enumerated.is_projected


def test_the_published_case_of_two_channels_agrees_with_the_chain(shared_dir: Path) -> None:
    case = shared_dir / "cases" / "markov_summary_is_not_markov" / "paths.csv"
    if not case.exists():
        pytest.skip(f"{case} is not there")
    number = {"search": 0, "social": 1}
    with case.open(encoding="utf-8") as lines:
        paths = [
            (
                [number[name] for name in row["path"].split(" > ")],
                float(row["conversions"]),
                float(row["nulls"]),
                0.0,
            )
            for row in csv.DictReader(lines)
        ]
    effects = removal_effects(count_chain([batch_of(paths)], 2, 1))
    counts: dict[tuple[int, ...], float] = {}
    for path, conversions, *_ in paths:
        one = tuple(sorted(set(path)))
        counts[one] = counts.get(one, 0.0) + conversions
    raw = credit(effects.conversions, sum(counts.values()))
    found = shared([*raw], counts)
    assert found.credit == pytest.approx([77.46, 32.54], abs=0.005)
    assert found.credit == pytest.approx(raw, abs=1e-9)
    assert sorted(set(chain.from_iterable(counts))) == [0, 1]
