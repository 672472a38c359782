"""Confidence intervals of attribution by a Poisson bootstrap over customers.

Each replicate gives every customer an independent weight, Poisson with mean 1 (Chamandy, Muralidharan,
Najmi, Naidu 2012, "Estimating uncertainty for massive data streams"), the same for all that the customer
did, and computes the figures anew: sums of credit for the heuristics; for Markov of order 1 the chain
itself, its removal effects and the credits per path that add up to them, month by month. The interval is the 2.5th to the 97.5th percentile of
`REPLICATES` replicates. Seeded, over customers in the order of their id: the same input gives the same
intervals.

Nothing else that is random belongs here; what is added up is read in `bootstrap_cells`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

import duckdb
import numpy as np
import pandas as pd
from scipy import sparse

from cdp_assets.insight.bootstrap_cells import (
    TEMPORARY_TABLES,
    Cells,
    Frame,
    MarkovCells,
    heuristic_cells,
    markov_cells,
    number_customers_and_lines,
)
from cdp_assets.insight.chain import VALUE_UNITS, FloatArray, IntArray
from cdp_assets.insight.scaling import BoolArray, scaled_credit, share_conversions
from cdp_assets.insight.tables import heuristic_models

__all__ = ["TEMPORARY_TABLES", "bounds", "poisson_weights", "removal_effects_at_order_1", "write_intervals"]

REPLICATES = 200
SEED = 20_180_405
WEIGHTS_AT_ONCE = 8_000_000  # cells of the customer x replicate table held at a time
PERCENTILES = (2.5, 97.5)
CUSTOMER_TYPES = ("returning", "new", "unknown", "all")  # in the order of `_touches.customer_type`
ALL = "all"
MARKOV = "markov_1"


@dataclass(frozen=True)
class _RollUp:
    """Which figures there are (months and all, customer types and all, lines) and which cells add up to each."""

    period: IntArray
    customer_type: IntArray
    line: IntArray
    adds: sparse.csr_matrix  # (figures, cells)

    def figures(self, cells: FloatArray) -> FloatArray:
        """(measures, figures, replicates) from (measures, cells, replicates)"""
        return np.stack([self.adds @ measure for measure in cells])


def _roll_up(cells: Cells, frame: Frame) -> _RollUp:
    period, customer_type, line = cells.keys[["period", "customer_type", "line_number"]].to_numpy(np.int64).T
    shape = (len(frame.months) + 1, len(CUSTOMER_TYPES), len(frame.lines))
    every_month, every_type = np.full_like(period, shape[0] - 1), np.full_like(period, shape[1] - 1)
    targets = np.concatenate(
        [
            np.ravel_multi_index((month, kind, line), shape)
            for month in (period, every_month)
            for kind in (customer_type, every_type)
        ]
    )
    names, figure = np.unique(targets, return_inverse=True)
    cell = np.tile(np.arange(len(period)), 4)
    adds = sparse.csr_matrix((np.ones(len(figure)), (figure, cell)), (len(names), len(period)))
    month, kind, line_number = np.unravel_index(names, shape)
    return _RollUp(month, kind, line_number, adds)


def write_intervals(con: duckdb.DuckDBPyConnection, channels: list[str]) -> tuple[str, ...]:
    """Fill both tables of intervals, and the bounds of markov_1 in `insight.attribution_global`.

    Needs `_touches` and `_channels` (see `paths`). Returns the models that got intervals: markov_1 and each heuristic
    whose table exists in schema attribution.
    """
    heuristics = heuristic_models(con)
    frame = number_customers_and_lines(con, channels)
    of_chain = markov_cells(con, frame)
    cells = {model: heuristic_cells(con, model, frame) for model in heuristics} | {MARKOV: of_chain.sets}
    roll_ups = {model: _roll_up(of_model, frame) for model, of_model in cells.items()}
    figures: dict[str, list[FloatArray]] = {model: [] for model in cells}
    everybody_once = np.ones((frame.n_customers, 1))  # the figure itself comes first, then the replicates
    for weights in chain([everybody_once], poisson_weights(frame.n_customers)):
        for model, of_model in cells.items():
            amounts = of_model.weighted(weights)
            if model == MARKOV:
                amounts = amounts * _parts_of_conversions(of_chain, frame, weights, amounts[0])
            figures[model].append(roll_ups[model].figures(amounts))
    for model, blocks in figures.items():
        _insert_intervals(con, model, frame, roll_ups[model], np.concatenate(blocks, axis=-1))
    _update_global(con)
    return tuple(cells)


def poisson_weights(n_customers: int) -> Iterator[FloatArray]:
    """Weights of the customers, (customers, replicates) a block at a time, `REPLICATES` columns in all.

    Each replicate has its own stream, so the weights do not depend on how many fit into a block.
    """
    width = int(np.clip(WEIGHTS_AT_ONCE // max(n_customers, 1), 1, REPLICATES))
    for first in range(0, REPLICATES, width):
        replicates = range(first, min(first + width, REPLICATES))
        weights = np.empty((n_customers, len(replicates)))
        for column, replicate in enumerate(replicates):
            weights[:, column] = np.random.default_rng([SEED, replicate]).poisson(1.0, n_customers)
        yield weights


def bounds(replicates: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Lower and upper end of the interval, over the last axis."""
    low, high = np.percentile(replicates, PERCENTILES, axis=-1)
    return low, high


def _effects_by_month(steps: Cells, frame: Frame, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Removal effects (month, replicate, channel) and conversions (month, replicate) of the chain."""
    n_channels, n_months, width = len(frame.channels), len(frame.months), weights.shape[1]
    counts = np.zeros((n_months, width, n_channels + 1, n_channels + 2))
    at = steps.keys
    if len(at):
        counts[at["period"], :, at["state"], at["target"]] = steps.weighted(weights)[0]
    conversions = counts[..., n_channels]
    effects = removal_effects_at_order_1(
        counts[..., :n_channels], counts.sum(axis=-1), conversions[..., None]
    )
    return effects[..., 0], conversions.sum(axis=-1)


def removal_effects_at_order_1(steps: FloatArray, leaving: FloatArray, rewards: FloatArray) -> FloatArray:
    """Removal effects (..., channels, rewards) of many chains at once, from one inverse each.

    steps (..., channels + 1, channels), leaving (..., channels + 1), rewards (..., channels + 1, rewards). With
    N the expected visits, a journey ever reaches c with probability N[start, c] / N[c, c] and then earns
    (N rewards)[c]: that is what goes.
    """
    divisor = np.where(leaving > 0, leaving, 1.0)[..., None]
    flow = np.zeros((*leaving.shape, leaving.shape[-1]))
    flow[..., 1:] = steps / divisor
    visits = np.linalg.inv(np.eye(leaving.shape[-1]) - flow)
    earned = visits @ (rewards / divisor)
    reached = visits[..., 0, 1:] / np.diagonal(visits, axis1=-2, axis2=-1)[..., 1:]
    base = earned[..., :1, :]
    lost = reached[..., None] * earned[..., 1:, :]
    return np.divide(lost, base, out=np.zeros_like(lost), where=base > 0)


def _parts_of_conversions(
    cells: MarkovCells, frame: Frame, weights: FloatArray, amounts: FloatArray
) -> FloatArray:
    """(cells, replicates): the part of a path's conversions that the cell's channel gets.

    Exact for the figure itself (everybody once), by plain iterative scaling for the replicates.
    """
    effects, in_chain = _effects_by_month(cells.steps, frame, weights)
    keys = cells.sets.keys
    month, channel_set = keys["period"].to_numpy(), keys["channels"].to_numpy()
    channel = frame.channel_of_line[keys["line_number"].to_numpy()]
    is_channel = frame.lines["campaign"].isna().to_numpy()[keys["line_number"].to_numpy()]
    # every channel's whole line counts each conversion of a set once: the first channel's will do
    counts_once = is_channel & (channel == cells.members.argmax(axis=1)[channel_set])
    parts = np.zeros_like(amounts)
    for number in range(len(frame.months)):
        rows = np.flatnonzero(month == number)
        if not len(rows):
            continue
        used, set_of_row = np.unique(channel_set[rows], return_inverse=True)
        once = counts_once[rows]
        conversions = np.zeros((len(used), weights.shape[1]))
        np.add.at(conversions, set_of_row[once], amounts[rows[once]])
        shares = _shares_of_sets(
            cells.members[used] > 0,
            conversions,
            effects[number],
            in_chain[number],
            exact=weights.shape[1] == 1,
        )
        parts[rows] = shares[:, set_of_row, channel[rows]].T
    return parts


def _shares_of_sets(
    members: BoolArray, conversions: FloatArray, effects: FloatArray, in_chain: FloatArray, *, exact: bool
) -> FloatArray:
    """(replicates, sets, channels): shares of one month's sets, (sets, replicates) conversions each.

    Conversions that are not in the chain are those of paths of direct alone, a set of one channel.
    """
    whole = effects.sum(axis=1, keepdims=True)
    raw = np.divide(effects, whole, out=np.zeros_like(effects), where=whole > 0) * in_chain[:, None]
    alone = conversions.sum(axis=0) - in_chain
    outside = (members.sum(axis=1) == 1) & (raw.max(axis=0, initial=0.0)[members.argmax(axis=1)] == 0)
    if alone.max(initial=0.0) > 0 and outside.any():
        raw[:, members[outside].argmax(axis=1)] += conversions[outside].T
    if exact:
        kept = conversions[:, 0] > 0
        shares = np.zeros(members.shape)
        shares[kept] = share_conversions(raw[0], members[kept], conversions[kept, 0]).shares
        return shares[None]
    spread = scaled_credit(raw, members, conversions.T)[:, None, :] * members
    found: FloatArray = spread / spread.sum(axis=2, keepdims=True)
    return found


def _insert_intervals(
    con: duckdb.DuckDBPyConnection, model: str, frame: Frame, roll_up: _RollUp, figures: FloatArray
) -> None:
    point = figures[..., 0].copy()
    low, high = bounds(figures[..., 1:])
    for units in (point, low, high):
        units[1:] /= VALUE_UNITS
    columns = {
        "model": model,
        "period": np.array([*frame.months, ALL], dtype=object)[roll_up.period],
        "customer_type": np.array(CUSTOMER_TYPES, dtype=object)[roll_up.customer_type],
        "marketing_channel": np.array(frame.channels, dtype=object)[frame.channel_of_line[roll_up.line]],
        "campaign": frame.lines["campaign"].to_numpy()[roll_up.line],
    }
    for measure, name in enumerate(("conversions", "gross_revenue", "net_revenue")):
        for suffix, amounts in (("", point), ("_low", low), ("_high", high)):
            columns[name + suffix] = amounts[measure]
    has_credit = np.abs(figures[0]).max(axis=-1) > 0
    intervals = pd.DataFrame(columns)[has_credit]  # noqa: F841  (read by DuckDB)
    con.execute(
        "insert into insight.attribution_intervals "
        "select * exclude (campaign) from intervals where campaign is null order by all"
    )
    con.execute(
        "insert into insight.attribution_campaign_intervals "
        "select * from intervals where campaign is not null order by all"
    )


def _update_global(con: duckdb.DuckDBPyConnection) -> None:
    con.execute(
        f"""
        update insight.attribution_global g
        set
            conversions_low = i.conversions_low, conversions_high = i.conversions_high,
            value_low = i.gross_revenue_low, value_high = i.gross_revenue_high
        from insight.attribution_intervals i
        where g.model = '{MARKOV}' and i.model = g.model and i.customer_type = '{ALL}'
            and i.period = g.period and i.marketing_channel = g.marketing_channel
        """
    )
