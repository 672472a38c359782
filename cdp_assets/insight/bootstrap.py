"""Confidence intervals of attribution by a Poisson bootstrap over customers.

Each replicate gives every customer an independent weight, Poisson with mean 1 (Chamandy, Muralidharan,
Najmi, Naidu 2012, "Estimating uncertainty for massive data streams"), the same for all that the customer
did, and computes the figures anew: sums of credit for the heuristics; for Markov of order 1 the chain
itself, its removal effects and the credits per path. The interval is the 2.5th to the 97.5th percentile of
`REPLICATES` replicates. Seeded, over customers in the order of their id: the same input gives the same
intervals.

Nothing else that is random, and no model's definition, belongs here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain

import duckdb
import numpy as np
import pandas as pd
from scipy import sparse

from cdp_assets.insight.chain import VALUE_UNITS, FloatArray
from cdp_assets.insight.tables import HEURISTIC_MODELS, table_columns

REPLICATES = 200
SEED = 20_180_405
WEIGHTS_AT_ONCE = 8_000_000  # cells of the customer x replicate table held at a time
PERCENTILES = (2.5, 97.5)
TEMPORARY_TABLES = ("_customers",)
MEASURES = ("conversions", "gross_units", "net_units")
CUSTOMER_TYPES = ("returning", "new", "all")
ALL = "all"
MARKOV = "markov_1"


@dataclass(frozen=True)
class _Frame:
    """What every figure is counted over: numbered months, channels and customers."""

    months: list[str]
    channels: list[str]
    n_customers: int


@dataclass(frozen=True)
class _Cells:
    """Sums per customer: a (cells, customers) sparse matrix per measure; `keys` says what each cell is."""

    keys: pd.DataFrame
    amounts: tuple[sparse.csr_matrix, ...]

    def weighted(self, weights: FloatArray) -> FloatArray:
        """(measures, cells, replicates)"""
        return np.stack([matrix @ weights for matrix in self.amounts])


def write_intervals(con: duckdb.DuckDBPyConnection, channels: list[str]) -> tuple[str, ...]:
    """Fill `insight.attribution_intervals` and the bounds of markov_1 in `insight.attribution_global`.

    Needs `_touches` and `_channels` (see `paths`). Returns the models that got intervals: markov_1 and each
    heuristic whose table exists in schema attribution.
    """
    heuristics = tuple(
        model for model in HEURISTIC_MODELS if table_columns(con, f"attribution.attribution_{model}")
    )
    frame = _number_customers(con, channels)
    heuristic_cells = [_heuristic_cells(con, model, frame) for model in heuristics]
    markov_cells = _markov_cells(con, frame)
    by_model: dict[str, list[FloatArray]] = {model: [] for model in (*heuristics, MARKOV)}
    of_chain: list[FloatArray] = []
    everybody_once = np.ones((frame.n_customers, 1))  # the figure itself comes first, then the replicates
    for weights in chain([everybody_once], poisson_weights(frame.n_customers)):
        for model, cells in zip(heuristics, heuristic_cells, strict=True):
            by_model[model].append(_heuristic_figures(cells, frame, weights))
        of_paths, global_credit = _markov_figures(markov_cells, frame, weights)
        by_model[MARKOV].append(of_paths)
        of_chain.append(global_credit)
    for model, figures in by_model.items():
        _insert_intervals(con, model, frame, np.concatenate(figures, axis=-1))
    _update_global(con, frame, np.concatenate(of_chain, axis=-1))
    return tuple(by_model)


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


def _number_customers(con: duckdb.DuckDBPyConnection, channels: list[str]) -> _Frame:
    con.execute(
        """
        create or replace temp table _customers as
        select row_number() over (order by customer_id) - 1 as customer_number, customer_id,
        from (select distinct customer_id from _touches)
        """
    )
    row = con.execute("select count(*) from _customers").fetchone()
    assert row is not None
    months = [month for (month,) in con.execute("select distinct period from _touches order by 1").fetchall()]
    return _Frame(months, channels, row[0])


def _read_cells(
    con: duckdb.DuckDBPyConnection, query: str, frame: _Frame, measures: tuple[str, ...]
) -> _Cells:
    """Cells of a query that yields customer_number, the measures, and the columns that name a cell."""
    rows = con.execute(f"select * from ({query}) order by all").df()
    keys = [column for column in rows.columns if column not in (*measures, "customer_number")]
    cell = rows.groupby(keys, sort=True).ngroup().to_numpy()
    cells = rows[keys].drop_duplicates().sort_values(keys).reset_index(drop=True)
    if "period" in cells:
        cells["period"] = np.searchsorted(frame.months, cells["period"].to_numpy(dtype=str))
    where = (cell, rows["customer_number"].to_numpy())
    shape = (len(cells), frame.n_customers)
    return _Cells(cells, tuple(sparse.csr_matrix((rows[m].to_numpy(float), where), shape) for m in measures))


def _heuristic_cells(con: duckdb.DuckDBPyConnection, model: str, frame: _Frame) -> _Cells:
    """Conversions and revenue that the model's credit table gives to each channel, by customer."""
    return _read_cells(
        con,
        f"""
        select
            customer_number, period, is_new_customer::int as customer_type, channel_number,
            sum(credit::decimal(18, 15))::double as conversions,
            sum(credit::decimal(19, 15) * value_units::decimal(18, 0))::double as gross_units,
            sum(credit::decimal(19, 15) * net_value_units::decimal(18, 0))::double as net_units,
        from attribution.attribution_{model} c
        inner join _touches t on t.is_conversion and t.path_id = c.conversion_id and t.touch_id = c.touch_id
        inner join _customers using (customer_id)
        group by all
        """,
        frame,
        MEASURES,
    )


def _heuristic_figures(cells: _Cells, frame: _Frame, weights: FloatArray) -> FloatArray:
    """(measures, months + all, customer types, channels, replicates)"""
    month, customer_type, channel = cells.keys[["period", "customer_type", "channel_number"]].to_numpy(int).T
    cube = np.zeros((len(MEASURES), len(frame.months), 2, len(frame.channels), weights.shape[1]))
    cube[:, month, customer_type, channel] = cells.weighted(weights)
    return _with_totals(cube)


def _with_totals(cube: FloatArray) -> FloatArray:
    """Append all months to axis 1 and all customers to axis 2."""
    cube = np.concatenate([cube, cube.sum(axis=1, keepdims=True)], axis=1)
    return np.concatenate([cube, cube.sum(axis=2, keepdims=True)], axis=2)


@dataclass(frozen=True)
class _MarkovCells:
    """What the order-1 chain and its credits per path are computed from, by customer."""

    steps: _Cells  # by period, state, target
    values: _Cells  # value of conversions, by period and the state they end in
    sets: _Cells  # conversions and revenue, by period, customer type and set of channels
    members: FloatArray  # (sets, channels) 1 where the set holds the channel


def _markov_figures(cells: _MarkovCells, frame: _Frame, weights: FloatArray) -> tuple[FloatArray, FloatArray]:
    """markov_1: the sums of its credits per path, shaped as for heuristics, and its global credit.

    The latter is (conversions and value, months + all, channels, replicates).
    """
    global_credit, effects = _chain_credit(cells.steps, cells.values, frame, weights)
    return _shared_within_paths(cells.sets, cells.members, frame, weights, effects), global_credit


def _markov_cells(con: duckdb.DuckDBPyConnection, frame: _Frame) -> _MarkovCells:
    n_channels = len(frame.channels)
    numbered = """
        select
            t.*, customer_number,
            lag(channel_number) over path as previous, lead(channel_number) over path as next,
        from _touches t
        inner join _customers using (customer_id)
        window path as (partition by path_id, is_conversion order by position)
    """
    steps = f"""
        with numbered as ({numbered}),
        steps as (
            select customer_number, period, coalesce(previous + 1, 0) as state, channel_number as target,
            from numbered
            union all
            select
                customer_number, period, channel_number + 1,
                if(is_conversion, {n_channels}, {n_channels + 1}),
            from numbered
            where next is null
        )
        select customer_number, period, state, target, count(*)::double as steps, from steps group by all
    """
    values = f"""
        select customer_number, period, channel_number + 1 as state, sum(value_units)::double as value_units,
        from ({numbered})
        where next is null and is_conversion
        group by all
    """
    sets = """
        with conversions as (
            select
                customer_id, period, is_new_customer::int as customer_type,
                list_sort(list(distinct channel_number)) as channels,
                any_value(value_units) as value_units, any_value(net_value_units) as net_value_units,
            from _touches
            where is_conversion
            group by path_id, customer_id, period, is_new_customer
        )
        select
            customer_number, period, customer_type, array_to_string(channels, ',') as channels,
            count(*)::double as conversions, sum(value_units)::double as gross_units,
            sum(net_value_units)::double as net_units,
        from conversions
        inner join _customers using (customer_id)
        group by all
    """
    by_set = _read_cells(con, sets, frame, MEASURES)
    names, numbers = np.unique(by_set.keys["channels"].to_numpy(dtype=str), return_inverse=True)
    by_set.keys["channels"] = numbers
    members = np.zeros((len(names), n_channels))
    for number, name in enumerate(names):
        members[number, [int(channel) for channel in name.split(",")]] = 1.0
    return _MarkovCells(
        steps=_read_cells(con, steps, frame, ("steps",)),
        values=_read_cells(con, values, frame, ("value_units",)),
        sets=by_set,
        members=members,
    )


def _chain_credit(
    steps: _Cells, values: _Cells, frame: _Frame, weights: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Global credit (conversions and value, month or all, channel, replicate), and effects of all months."""
    n_channels, n_months, width = len(frame.channels), len(frame.months), weights.shape[1]
    counts = np.zeros((width, n_months + 1, n_channels + 1, n_channels + 2))
    value = np.zeros((width, n_months + 1, n_channels + 1))
    at = steps.keys
    counts[:, at["period"], at["state"], at["target"]] = steps.weighted(weights)[0].T
    value[:, values.keys["period"], values.keys["state"]] = values.weighted(weights)[0].T
    counts[:, -1], value[:, -1] = counts.sum(axis=1), value.sum(axis=1)
    rewards = np.stack([counts[..., n_channels], value], axis=-1)
    effects = removal_effects_at_order_1(counts[..., :n_channels], counts.sum(axis=-1), rewards)
    whole = effects.sum(axis=2, keepdims=True)
    totals = rewards.sum(axis=2, keepdims=True) / [1.0, VALUE_UNITS]
    shares = np.divide(effects, whole, out=np.zeros_like(effects), where=whole > 0)
    return (shares * totals).transpose(3, 1, 2, 0), effects[:, -1, :, 0]


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


def _shared_within_paths(
    sets: _Cells, members: FloatArray, frame: _Frame, weights: FloatArray, effects: FloatArray
) -> FloatArray:
    """Credits per path added up: each conversion shared by its path's channels in proportion to effects."""
    n_cells = (len(frame.months), 2)
    row = np.ravel_multi_index((sets.keys["period"], sets.keys["customer_type"]), n_cells)
    amounts = sets.weighted(weights)
    cube = np.zeros((len(MEASURES), *n_cells, len(frame.channels), weights.shape[1]))
    for replicate, effect in enumerate(effects):
        part = members * effect
        whole = part.sum(axis=1, keepdims=True)
        share = np.divide(part, whole, out=members / members.sum(axis=1, keepdims=True), where=whole > 0)
        for measure in range(len(MEASURES)):
            by_set = sparse.csr_matrix(
                (amounts[measure, :, replicate], (row, sets.keys["channels"])),
                (np.prod(n_cells), len(members)),
            )
            cube[measure, ..., replicate] = (by_set @ share).reshape(*n_cells, -1)
    return _with_totals(cube)


def _insert_intervals(con: duckdb.DuckDBPyConnection, model: str, frame: _Frame, figures: FloatArray) -> None:
    point = figures[..., 0].copy()
    low, high = bounds(figures[..., 1:])
    for units in (point, low, high):
        units[1:] /= VALUE_UNITS
    period, customer_type, channel = np.nonzero((np.abs(figures).max(axis=-1) > 0).any(axis=0))
    columns = {
        "model": model,
        "period": np.array([*frame.months, ALL], dtype=object)[period],
        "customer_type": np.array(CUSTOMER_TYPES, dtype=object)[customer_type],
        "marketing_channel": np.array(frame.channels, dtype=object)[channel],
    }
    for measure, name in enumerate(("conversions", "gross_revenue", "net_revenue")):
        for suffix, amounts in (("", point), ("_low", low), ("_high", high)):
            columns[name + suffix] = amounts[measure, period, customer_type, channel]
    intervals = pd.DataFrame(columns)  # noqa: F841  (read by DuckDB)
    con.execute("insert into insight.attribution_intervals select * from intervals order by all")


def _update_global(con: duckdb.DuckDBPyConnection, frame: _Frame, figures: FloatArray) -> None:
    low, high = bounds(figures[..., 1:])
    ends = pd.DataFrame(  # noqa: F841  (read by DuckDB)
        {
            "period": np.repeat([*frame.months, ALL], len(frame.channels)),
            "marketing_channel": np.tile(frame.channels, len(frame.months) + 1),
            **{
                f"{name}_{end}": amounts[measure].ravel()
                for measure, name in enumerate(("conversions", "value"))
                for end, amounts in (("low", low), ("high", high))
            },
        }
    )
    con.execute(
        """
        update insight.attribution_global g
        set
            conversions_low = b.conversions_low, conversions_high = b.conversions_high,
            value_low = b.value_low, value_high = b.value_high
        from ends b
        where g.model = 'markov_1' and g.period = b.period and g.marketing_channel = b.marketing_channel
        """
    )
