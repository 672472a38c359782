"""Attribution computed outside SQL: from `journeys.path_touches` to the tables
`insight.attribution_*`.

Orchestration and the tables' contents belong here; the models are in `markov`, `shapley`, `markov_shapley`,
the intervals in `bootstrap`, the columns in `tables`.

One name, one number: per model and month, the channels' global credit (removal effects for Markov, Shapley values for
Markov-Shapley) is shared among the conversions so that the credits per conversion add up to it (`scaling`); where paths
cannot carry it, they add up to the nearest credit that they can, with status `projected` and the raw credit beside it.
All months together are the sum of the months, revenue follows the credit of the touches, and a channel's part of a
conversion is shared equally by its touches. Set-form Shapley agrees by construction. Removal effects on value, and those
over all months, are shown as effects and credit nothing.

Direct touches are left out of these models unless the retailer's settings keep them: a path of nothing else leaves the
chain and credits direct, on others direct is dropped (see `paths`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

import duckdb
import numpy as np
import pandas as pd

from cdp_assets.insight import bootstrap, path_credits, paths
from cdp_assets.insight.chain import ChainCounts, FloatArray, TooManyStates, count_chain, highest_order
from cdp_assets.insight.markov import credit, removal_effects
from cdp_assets.insight.markov_shapley import Unavailable, markov_shapley_credit
from cdp_assets.insight.path_credits import ALL, RawCredit
from cdp_assets.insight.scaling import BoolArray
from cdp_assets.insight.shapley import ShapleyCredit, shapley_credit
from cdp_assets.insight.tables import (
    COMPUTED_MODELS,
    MARKOV_MODELS,
    OUTPUT_COLUMNS,
    create_output_table,
)

HIGHEST_ORDER = 3


@dataclass(frozen=True)
class AttributionSummary:
    """What a run computed: counts only, fit for a log or Dagster metadata."""

    as_of_date: date
    conversions: int
    null_paths: int
    distinct_paths: int
    marketing_channels: int
    periods: int
    unavailable: dict[str, str] = field(default_factory=dict)  # model -> reason
    models_with_intervals: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Period:
    """All that is counted of one period: the chain at the highest order that fits, and set-form Shapley."""

    chain: ChainCounts
    shapley: ShapleyCredit
    direct_alone: FloatArray  # (channels,) conversions of paths that left the chain

    def __add__(self, other: _Period) -> _Period:
        shapley = ShapleyCredit(
            self.shapley.conversions + other.shapley.conversions, self.shapley.value + other.shapley.value
        )
        return _Period(self.chain + other.chain, shapley, self.direct_alone + other.direct_alone)


def compute_attribution(
    con: duckdb.DuckDBPyConnection, as_of_date: date, *, drop_direct: bool = True
) -> AttributionSummary:
    """Fill every `insight.attribution_*` table from `journeys.path_touches` (columns: see `tables`).

    `con`: a writable connection whose current database is the warehouse. Touches after `as_of_date` are not
    expected: the windows are cut in dbt. `drop_direct`: the data-driven models leave direct touches out. Tables are empty
    but typed when there are no touches. Raises `InsightInputProblem` where the input breaks its contract.
    """
    for name in OUTPUT_COLUMNS:
        if name.startswith("attribution_"):
            create_output_table(con, name)
    paths.check_touches(con)
    channels = paths.number_channels(con)
    paths.group_paths(con, drop_direct=drop_direct)
    try:
        return _compute(con, as_of_date, channels)
    finally:
        for table in (*paths.TEMPORARY_TABLES, *bootstrap.TEMPORARY_TABLES, *path_credits.TEMPORARY_TABLES):
            con.execute(f"drop table if exists temp.{table}")


def _raw_credits(
    periods: Mapping[str, _Period], unavailable: dict[str, str]
) -> dict[tuple[str, str], RawCredit]:
    """Raw credit by (model, period) of the models that could be computed in every period; why not, into `unavailable`."""
    raw: dict[tuple[str, str], RawCredit] = {}
    for period, counted in periods.items():
        for model in COMPUTED_MODELS:
            if (found := _raw_credit(model, counted, unavailable)) is not None:
                raw[model, period] = found
    return {at: found for at, found in raw.items() if at[0] not in unavailable}


def _compute(con: duckdb.DuckDBPyConnection, as_of_date: date, channels: list[str]) -> AttributionSummary:
    periods = _count_periods(con, len(channels))
    unavailable: dict[str, str] = {}
    with_intervals: tuple[str, ...] = ()
    if periods:
        raw = _raw_credits(periods, unavailable)
        path_credits.share_by_month(
            con, len(channels), {at: one.conversions for at, one in raw.items() if at[1] != ALL}
        )
        for model in COMPUTED_MODELS:
            path_credits.write_path_credits(con, model)
        path_credits.write_global(con, channels, raw, _seen(periods))
        _write_transitions(con, channels, periods)
        with_intervals = bootstrap.write_intervals(con, channels)
    totals = periods[ALL] if periods else None
    conversions = int(totals.chain.conversions.sum() + totals.direct_alone.sum()) if totals else 0
    (nulls,) = con.execute("select coalesce(sum(nulls), 0)::bigint from _grouped_paths").fetchone() or (0,)
    con.executemany(
        "insert into insight.attribution_model_status values (?, ?, ?, ?, ?, ?)",
        [
            [model, model not in unavailable, unavailable.get(model), len(channels), conversions, nulls]
            for model in COMPUTED_MODELS
        ],
    )
    distinct = con.execute("select count(distinct channels) from _grouped_paths").fetchone()
    return AttributionSummary(
        as_of_date=as_of_date,
        conversions=conversions,
        null_paths=nulls,
        distinct_paths=distinct[0] if distinct else 0,
        marketing_channels=len(channels),
        periods=len(periods),
        unavailable=unavailable,
        models_with_intervals=with_intervals,
    )


def _count_periods(con: duckdb.DuckDBPyConnection, n_channels: int) -> dict[str, _Period]:
    """Chain and Shapley counts per month, and of all months together; empty where there are no paths."""
    order = highest_order(n_channels, HIGHEST_ORDER)
    counted: dict[str, _Period] = {}
    months = [
        month for (month,) in con.execute("select distinct period from _grouped_paths order by 1").fetchall()
    ]
    for month in months:
        in_month = f"select * from _grouped_paths where period = '{month}'"
        chain = list(paths.read_grouped_paths(con, f"{in_month} and is_in_chain order by channels"))
        alone = list(paths.read_grouped_paths(con, f"{in_month} and not is_in_chain order by channels"))
        of_alone = shapley_credit(alone, n_channels)
        of_chain = shapley_credit(chain, n_channels)
        counted[month] = _Period(
            count_chain(chain, n_channels, order),
            ShapleyCredit(of_chain.conversions + of_alone.conversions, of_chain.value + of_alone.value),
            of_alone.conversions,
        )
    if not months:
        return {}
    whole = counted[months[0]]
    for month in months[1:]:
        whole = whole + counted[month]
    return {ALL: whole, **counted}


def _raw_credit(model: str, counted: _Period, unavailable: dict[str, str]) -> RawCredit | None:
    """The model's credit in one period; None, with the reason noted, where it is unavailable."""
    if model in unavailable:
        return None
    try:
        if model in MARKOV_MODELS:
            return _markov(counted, int(model.removeprefix("markov_")))
        if model == "shapley":
            return RawCredit(counted.shapley.conversions)
        of_chain = np.clip(markov_shapley_credit(counted.chain).conversions, 0, None)
        return RawCredit(of_chain + counted.direct_alone)
    except (TooManyStates, Unavailable) as problem:
        unavailable[model] = str(problem)
        return None


def _markov(counted: _Period, order: int) -> RawCredit:
    chain = counted.chain
    if order > chain.order:
        raise TooManyStates(
            f"a Markov chain of order {order} over {chain.n_channels} marketing channels does not fit: "
            "use a lower order, or map sources to fewer channels in data/reference/marketing_channels.csv"
        )
    counts = chain.at_order(order)
    effects = removal_effects(counts)
    conversions = credit(effects.conversions, float(counts.conversions.sum()))
    return RawCredit(conversions + counted.direct_alone, effects.conversions, effects.value)


def _seen(periods: dict[str, _Period]) -> dict[str, BoolArray]:
    """Which channels have touches that the models read, by period."""
    return {
        period: (counted.chain.steps.sum(axis=0) > 0) | (counted.direct_alone > 0)
        for period, counted in periods.items()
    }


def _write_transitions(
    con: duckdb.DuckDBPyConnection, channels: list[str], periods: dict[str, _Period]
) -> None:
    frames = []
    for period, counted in periods.items():
        chain = counted.chain.at_order(1)
        counts = np.column_stack([chain.steps, chain.conversions, chain.nulls])
        state, target = np.nonzero(counts)
        frames.append(
            pd.DataFrame(
                {
                    "period": period,
                    "from_state": np.array(["(start)", *channels], dtype=object)[state],
                    "to_state": np.array([*channels, "(conversion)", "(null)"], dtype=object)[target],
                    "transitions": counts[state, target].astype(np.int64),
                    "probability": counts[state, target] / chain.leaving[state],
                }
            )
        )
    transitions = pd.concat(frames, ignore_index=True)  # noqa: F841  (read by DuckDB)
    con.execute("insert into insight.attribution_chain_transitions select * from transitions order by all")
