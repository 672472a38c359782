"""Markov, Shapley and Markov-Shapley on tiny chains, against answers by hand and by other means."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest
from builders import batch_of
from hypothesis import given, settings
from hypothesis import strategies as st

from cdp_assets.insight.bootstrap import removal_effects_at_order_1
from cdp_assets.insight.chain import ChainCounts, TooManyStates, count_chain, empty_counts, highest_order
from cdp_assets.insight.markov import credit, removal_effects
from cdp_assets.insight.markov_shapley import (
    MAX_CHANNELS,
    Unavailable,
    coalition_worth,
    markov_shapley_credit,
    shapley_values,
)
from cdp_assets.insight.shapley import shapley_credit

CHANNELS = 4
some_paths = st.lists(
    st.tuples(
        st.lists(st.integers(0, CHANNELS - 1), min_size=1, max_size=6),
        st.integers(0, 5),
        st.integers(0, 9),
        st.integers(0, 500),
    ).map(lambda row: (row[0], row[1], row[2], row[3] * row[1])),
    min_size=1,
    max_size=12,
)


def counted(paths, order: int = 1, channels: int = CHANNELS) -> ChainCounts:
    return count_chain([batch_of(paths)], channels, order)


def test_removal_effects_by_hand() -> None:
    # a > b converts once, b alone fails once: without b nothing is left, without a the journey that began there is lost
    effects = removal_effects(counted([([0, 1], 1, 0, 10), ([1], 0, 1, 0)], channels=2))
    # start -> a 1/2, a -> b 1, b -> conversion 1/2: conversions 1/2 of journeys; without a: 1/2 * 1/2
    assert effects.conversions == pytest.approx([0.5, 1.0])
    assert effects.value == pytest.approx([0.5, 1.0])


def test_a_channel_is_removed_from_every_state_that_holds_it() -> None:
    # at order 2 the state (a, b) holds a: without a, the journey a > b is lost, b alone is not
    effects = removal_effects(counted([([0, 1], 1, 0, 30), ([1], 1, 0, 10)], order=2, channels=2))
    assert effects.conversions == pytest.approx([0.5, 1.0])
    assert effects.value == pytest.approx([0.75, 1.0])


@settings(max_examples=40)
@given(some_paths)
def test_a_chain_that_remembers_whole_paths_loses_exactly_the_paths_that_hold_the_channel(paths) -> None:
    short = [(path[:3], *rest) for path, *rest in paths]
    effects = removal_effects(counted(short, order=3))
    conversions = sum(row[1] for row in short)
    for channel in range(CHANNELS):
        held = sum(row[1] for row in short if channel in row[0])
        assert effects.conversions[channel] == pytest.approx(
            held / conversions if conversions else 0.0, abs=1e-12
        )


@settings(max_examples=40)
@given(some_paths)
def test_credit_adds_up_to_what_there_was(paths) -> None:
    conversions, value = sum(row[1] for row in paths), sum(row[3] for row in paths)
    for order in (1, 2, 3):
        counts = counted(paths, order)
        effects = removal_effects(counts)
        assert ((effects.conversions >= 0) & (effects.conversions <= 1)).all()
        assert credit(effects.conversions, conversions).sum() == pytest.approx(conversions)
        assert credit(effects.value, value).sum() == pytest.approx(value)
    assert shapley_credit([batch_of(paths)], CHANNELS).conversions.sum() == pytest.approx(conversions)
    assert markov_shapley_credit(counted(paths)).conversions.sum() == pytest.approx(conversions, abs=1e-9)


@settings(max_examples=40)
@given(some_paths, st.integers(0, 11))
def test_neither_order_nor_batching_of_paths_matters(paths, cut: int) -> None:
    whole = counted(paths, 3)
    parted = count_chain([batch_of(paths[cut:][::-1]), batch_of(paths[:cut])], CHANNELS, 3)
    assert (whole.steps == parted.steps).all()
    assert (whole.value == parted.value).all()


@settings(max_examples=40)
@given(some_paths)
def test_a_higher_order_folds_into_a_lower(paths) -> None:
    folded, direct = counted(paths, 3).at_order(1), counted(paths, 1)
    assert (folded.steps == direct.steps).all()
    assert (folded.conversions == direct.conversions).all()
    assert (folded.nulls == direct.nulls).all()


@settings(max_examples=40)
@given(some_paths)
def test_the_closed_form_of_the_bootstrap_equals_removal(paths) -> None:
    counts = counted(paths)
    effects = removal_effects(counts)
    closed = removal_effects_at_order_1(
        counts.steps, counts.leaving, np.column_stack([counts.conversions, counts.value])
    )
    assert closed[:, 0] == pytest.approx(effects.conversions, abs=1e-10)
    assert closed[:, 1] == pytest.approx(effects.value, abs=1e-10)


@settings(max_examples=40)
@given(some_paths)
def test_the_set_form_is_the_shapley_value_of_its_game(paths) -> None:
    worth = np.zeros((2**CHANNELS, 1))
    for coalition in range(2**CHANNELS):
        members = {channel for channel in range(CHANNELS) if coalition >> channel & 1}
        worth[coalition] = sum(row[1] for row in paths if set(row[0]) <= members)
    assert shapley_values(worth)[:, 0] == pytest.approx(
        shapley_credit([batch_of(paths)], CHANNELS).conversions
    )


@settings(max_examples=40)
@given(some_paths)
def test_markov_shapley_is_the_mean_gain_over_all_orders_of_joining(paths) -> None:
    counts = counted(paths)
    found = markov_shapley_credit(counts).conversions
    orders = list(permutations(range(CHANNELS)))
    mean = np.zeros(CHANNELS)
    for order in orders:
        for place, channel in enumerate(order):
            before, after = order[:place], order[: place + 1]
            mean[channel] += conversions_of(counts, after) - conversions_of(counts, before)
    assert found == pytest.approx(mean / len(orders), abs=1e-9)


def conversions_of(counts: ChainCounts, coalition: tuple[int, ...]) -> float:
    """Conversions of the chain when only a coalition is left, by one plain solve."""
    states = [0, *[channel + 1 for channel in sorted(coalition)]]
    leaving = np.where(counts.leaving > 0, counts.leaving, 1.0)
    flow = np.zeros((len(states), len(states)))
    for row, state in enumerate(states):
        for column, target in enumerate(states[1:], start=1):
            flow[row, column] = counts.steps[state, target - 1] / leaving[state]
    ends = (counts.conversions / leaving)[states]
    return float(np.linalg.solve(np.eye(len(states)) - flow, ends)[0] * counts.leaving[0])


def test_all_coalitions_together_are_worth_all_conversions() -> None:
    counts = counted([([0, 1, 0, 2], 3, 5, 90), ([2], 1, 1, 20), ([1, 1], 0, 4, 0)], channels=3)
    worth = coalition_worth(counts)
    assert worth[-1, 0] == pytest.approx(4)
    assert worth[0] == pytest.approx([0, 0])


def test_no_conversions_give_no_effect_and_no_credit() -> None:
    counts = counted([([0, 1], 0, 3, 0)])
    assert removal_effects(counts).conversions.tolist() == [0.0] * CHANNELS
    assert credit(removal_effects(counts).conversions, 0.0).tolist() == [0.0] * CHANNELS
    assert markov_shapley_credit(counts).conversions.tolist() == [0.0] * CHANNELS


def test_conversions_without_value_give_conversion_credit_only() -> None:
    effects = removal_effects(counted([([0, 1], 2, 0, 0)]))
    assert effects.conversions.tolist() == [1.0, 1.0, 0.0, 0.0]
    assert effects.value.tolist() == [0.0] * CHANNELS


def test_one_channel_only_gets_everything() -> None:
    counts = counted([([0, 0, 0], 2, 1, 40), ([0], 1, 7, 10)], order=3, channels=1)
    assert removal_effects(counts).conversions.tolist() == [1.0]
    assert markov_shapley_credit(counts).conversions == pytest.approx([3.0])


def test_a_channel_seen_once_in_a_null_path_gets_nothing() -> None:
    counts = counted([([0], 5, 5, 50), ([1], 0, 1, 0)], channels=2)
    assert removal_effects(counts).conversions == pytest.approx([1.0, 0.0])


def test_without_null_paths_the_effects_are_still_right() -> None:
    assert removal_effects(counted([([0], 1, 0, 5), ([1], 3, 0, 5)])).conversions[:2] == pytest.approx(
        [0.25, 0.75]
    )


def test_no_paths_give_no_effects() -> None:
    assert removal_effects(empty_counts(3, 2)).conversions.tolist() == [0.0, 0.0, 0.0]


def test_markov_shapley_is_exact_at_sixteen_channels_and_says_so_beyond() -> None:
    rng = np.random.default_rng(3)
    paths = [(rng.integers(0, MAX_CHANNELS, 4).tolist(), 1, 2, 10) for _ in range(60)]
    assert markov_shapley_credit(counted(paths, channels=MAX_CHANNELS)).conversions.sum() == pytest.approx(60)
    with pytest.raises(Unavailable, match="at most 16 marketing channels, there are 17"):
        markov_shapley_credit(counted(paths, channels=MAX_CHANNELS + 1))


def test_too_many_states_are_refused_with_a_remedy() -> None:
    with pytest.raises(TooManyStates, match=r"order 3 over 90 marketing channels .* use a lower order"):
        empty_counts(90, 3)
    assert highest_order(90, 3) == 2
    assert highest_order(20, 3) == 3
