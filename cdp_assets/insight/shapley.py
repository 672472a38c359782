"""Shapley attribution in the set form: each conversion is shared equally by the distinct channels of its
path.

Zhao, Mahboobi, Bagheri 2018, "Shapley value methods for attribution modeling in online advertising"
(arXiv:1804.05327), simplified form: with R(S) the conversions (or value) of paths whose set of channels is
exactly S,

    credit of c = sum over S that hold c of R(S) / |S|,

which equals the Shapley value of the game v(S) = sum of R(T) over T within S, without listing coalitions.
Null paths carry no weight. The game on the chain is in `markov_shapley`.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from cdp_assets.insight.chain import FloatArray, IntArray, PathBatch

CELLS_AT_ONCE = 20_000_000  # cells of the path x channel table held at a time


@dataclass(frozen=True)
class ShapleyCredit:
    """Credit per channel; value in units of 1/`chain.VALUE_UNITS`."""

    conversions: FloatArray
    value: FloatArray


def shapley_credit(batches: Iterable[PathBatch], n_channels: int) -> ShapleyCredit:
    """Conversions and value credited to each channel; totals to all conversions and all value."""
    credited = np.zeros((2, n_channels))
    for batch in (paths.converting() for paths in batches):
        rows = max(CELLS_AT_ONCE // max(n_channels, 1), 1)
        ends = np.cumsum(batch.lengths)
        for first in range(0, len(batch.lengths), rows):
            part = slice(first, first + rows)
            begin = ends[first] - batch.lengths[first]
            credited += _credit_of(batch, part, batch.touches[begin : ends[part][-1]], n_channels)
    return ShapleyCredit(conversions=credited[0], value=credited[1])


def _credit_of(batch: PathBatch, part: slice, touches: IntArray, n_channels: int) -> FloatArray:
    lengths = batch.lengths[part]
    present = np.zeros((len(lengths), n_channels), dtype=bool)
    present[np.repeat(np.arange(len(lengths)), lengths), touches] = True
    path, channel = np.nonzero(present)
    distinct = np.bincount(path, minlength=len(lengths))
    return np.vstack(
        [
            np.bincount(channel, weights=(amounts[part] / distinct)[path], minlength=n_channels)
            for amounts in (batch.conversions, batch.value)
        ]
    )
