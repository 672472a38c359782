"""Paths counted as a Markov chain of order k: the sufficient statistics of every chain model.

Counting only; what is read off a chain (removal effects, coalitions) is in `markov` and `markov_shapley`,
and how paths come out of the warehouse is in `paths`.

A state is the last k touches of a path, fewer near its beginning, written as a number in base (channels +
1): digit 0 means "before the first touch", digit c + 1 means channel c, the latest touch is the last digit.
State 0 is the start. From each state a path goes on to one more touch, or ends in a conversion or in
nothing.

Money is counted in whole ten-thousandths, so that sums are exact and no order of reading changes the last
digit.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

VALUE_UNITS = 10_000  # money is counted in 1/10,000 of the currency unit
MAX_COUNTERS = 20_000_000  # 160 MB of float64


class TooManyStates(ValueError):
    """A chain of this order over this many channels does not fit; the message says what to do."""


@dataclass(frozen=True)
class PathBatch:
    """Some grouped paths, flattened. Arrays other than `touches` have one entry per path.

    touches: channel numbers (0-based) of all paths, one path after the other; lengths: touches of each path
    (>= 1); conversions, nulls: how many journeys took the path and converted, or did not; value: their
    conversions' value in units of 1/`VALUE_UNITS`.
    """

    touches: IntArray
    lengths: IntArray
    conversions: FloatArray
    nulls: FloatArray
    value: FloatArray

    def converting(self) -> PathBatch:
        """The paths that some journey converted on."""
        keep = self.conversions > 0
        return PathBatch(
            self.touches[np.repeat(keep, self.lengths)],
            self.lengths[keep],
            self.conversions[keep],
            self.nulls[keep],
            self.value[keep],
        )


@dataclass(frozen=True)
class ChainCounts:
    """How often each step of the chain was taken. One row per possible state, observed or not.

    steps: (states, channels) further touches; conversions, nulls: (states,) ends; value: (states,) value of
    the conversions that ended there, in units of 1/`VALUE_UNITS`.
    """

    order: int
    steps: FloatArray
    conversions: FloatArray
    nulls: FloatArray
    value: FloatArray

    @property
    def n_channels(self) -> int:
        return int(self.steps.shape[1])

    @property
    def leaving(self) -> FloatArray:
        """(states,) how often each state was left, which is how often it was visited."""
        total: FloatArray = self.steps.sum(axis=1) + self.conversions + self.nulls
        return total

    def __add__(self, other: ChainCounts) -> ChainCounts:
        return ChainCounts(
            self.order,
            self.steps + other.steps,
            self.conversions + other.conversions,
            self.nulls + other.nulls,
            self.value + other.value,
        )

    def at_order(self, order: int) -> ChainCounts:
        """The same paths as a chain of a lower order: older touches are forgotten, equal states added up."""
        if not 1 <= order <= self.order:
            raise ValueError(
                f"order must be between 1 and {self.order}, the order that was counted, not {order}"
            )
        states = (self.n_channels + 1) ** order

        def fold(counts: FloatArray) -> FloatArray:
            folded: FloatArray = counts.reshape(-1, states, *counts.shape[1:]).sum(axis=0)
            return folded

        return ChainCounts(
            order, fold(self.steps), fold(self.conversions), fold(self.nulls), fold(self.value)
        )


def empty_counts(n_channels: int, order: int) -> ChainCounts:
    """No path counted yet. Raises `TooManyStates` where the counters would not fit into memory."""
    states = (n_channels + 1) ** order
    if states * max(n_channels, 1) > MAX_COUNTERS:
        raise TooManyStates(
            f"a Markov chain of order {order} over {n_channels} marketing channels has {states:,} states: "
            "use a lower order, or map sources to fewer channels in data/reference/marketing_channels.csv"
        )
    return ChainCounts(
        order, np.zeros((states, n_channels)), np.zeros(states), np.zeros(states), np.zeros(states)
    )


def highest_order(n_channels: int, wanted: int) -> int:
    """The highest order up to `wanted` whose counters fit into memory."""
    for order in range(wanted, 1, -1):
        if (n_channels + 1) ** order * n_channels <= MAX_COUNTERS:
            return order
    return 1


def count_chain(batches: Iterable[PathBatch], n_channels: int, order: int) -> ChainCounts:
    """Count all paths as a chain of the given order, batch by batch."""
    counts = empty_counts(n_channels, order)
    for batch in batches:
        if len(batch.lengths):
            counts = counts + _count_batch(batch, n_channels, order)
    return counts


def _count_batch(batch: PathBatch, n_channels: int, order: int) -> ChainCounts:
    base = n_channels + 1
    states = base**order
    before, ends = _states(batch, base, order)
    journeys = batch.conversions + batch.nulls
    steps = np.bincount(
        before * n_channels + batch.touches,
        weights=np.repeat(journeys, batch.lengths),
        minlength=states * n_channels,
    )

    def at_end(amounts: FloatArray) -> FloatArray:
        return np.bincount(ends, weights=amounts, minlength=states).astype(np.float64)

    return ChainCounts(
        order,
        steps.reshape(states, n_channels).astype(np.float64),
        at_end(batch.conversions),
        at_end(batch.nulls),
        at_end(batch.value),
    )


def _states(batch: PathBatch, base: int, order: int) -> tuple[IntArray, IntArray]:
    """State before each touch and after each path's last: the digits of up to `order` touches, within the path."""
    digits = batch.touches + 1
    end = np.cumsum(batch.lengths)
    first, last = end - batch.lengths, end - 1
    before = np.zeros(len(digits), dtype=np.int64)
    for lag in range(order, 0, -1):
        before *= base
        earlier = np.zeros(len(digits), dtype=np.int64)
        earlier[lag:] = digits[:-lag]
        for place in range(lag):  # what lies so far back of a path's first touches is another path's
            earlier[first[batch.lengths > place] + place] = 0
        before += earlier
    return before, (before[last] * base + digits[last]) % base**order
