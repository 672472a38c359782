"""Attribution computed outside SQL: from `journeys.path_touches` to the tables
`insight.attribution_*`.

Orchestration and the tables' contents belong here; the models are in `markov`, `shapley`, `markov_shapley`,
the intervals in `bootstrap`, the columns in `tables`.

Global credit is exact, per model and period (all, and each month by `path_date`). Credit per conversion
shares each conversion among the distinct channels of its path in proportion to their effects over all
periods (removal effects for Markov, Shapley values for Markov-Shapley, equal parts for Shapley), and a
channel's part equally among its touches. The two totals differ, except for Shapley; `attribution_global`
shows both and the difference.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

import duckdb
import numpy as np
import pandas as pd

from cdp_assets.insight import bootstrap, paths
from cdp_assets.insight.chain import (
    VALUE_UNITS,
    ChainCounts,
    FloatArray,
    TooManyStates,
    count_chain,
    highest_order,
)
from cdp_assets.insight.markov import credit, removal_effects
from cdp_assets.insight.markov_shapley import Unavailable, markov_shapley_credit
from cdp_assets.insight.shapley import ShapleyCredit, shapley_credit
from cdp_assets.insight.tables import (
    COMPUTED_MODELS,
    MARKOV_MODELS,
    OUTPUT_COLUMNS,
    create_output_table,
)

ALL = "all"
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
class _GlobalCredit:
    """One model in one period, per channel. `weights` share a conversion among the channels of its path."""

    conversions: FloatArray
    value: FloatArray
    weights: FloatArray
    effect_conversions: FloatArray | None = None
    effect_value: FloatArray | None = None


@dataclass(frozen=True)
class _Period:
    """All that is counted of one period: the chain at the highest order that fits, and set-form Shapley."""

    chain: ChainCounts
    shapley: ShapleyCredit

    def __add__(self, other: _Period) -> _Period:
        shapley = ShapleyCredit(
            self.shapley.conversions + other.shapley.conversions, self.shapley.value + other.shapley.value
        )
        return _Period(self.chain + other.chain, shapley)


def compute_attribution(con: duckdb.DuckDBPyConnection, as_of_date: date) -> AttributionSummary:
    """Fill every `insight.attribution_*` table from `journeys.path_touches` (columns: see `tables`).

    `con`: a writable connection whose current database is the warehouse. Touches after `as_of_date` are not
    expected: the windows are cut in dbt. Tables are empty but typed when there are no touches. Raises
    `InsightInputProblem` where the input breaks its contract.
    """
    for name in OUTPUT_COLUMNS:
        if name.startswith("attribution_"):
            create_output_table(con, name)
    paths.check_touches(con)
    channels = paths.number_channels(con)
    paths.group_paths(con)
    try:
        return _compute(con, as_of_date, channels)
    finally:
        for table in (*paths.TEMPORARY_TABLES, *bootstrap.TEMPORARY_TABLES, "_effects"):
            con.execute(f"drop table if exists temp.{table}")


def _compute(con: duckdb.DuckDBPyConnection, as_of_date: date, channels: list[str]) -> AttributionSummary:
    periods = _count_periods(con, len(channels))
    unavailable: dict[str, str] = {}
    if periods:
        credits = {
            (model, period): _global_credit(model, counted, unavailable)
            for period, counted in periods.items()
            for model in COMPUTED_MODELS
        }
        _write_effects(con, {model: credits[model, ALL] for model in COMPUTED_MODELS})
        for model in COMPUTED_MODELS:
            if model not in unavailable:
                _write_path_credits(con, model)
        _write_global(con, channels, periods, credits)
        _write_transitions(con, channels, periods)
    with_intervals = bootstrap.write_intervals(con, channels) if periods else ()
    totals = periods[ALL].chain if periods else None
    conversions = int(totals.conversions.sum()) if totals else 0
    nulls = int(totals.nulls.sum()) if totals else 0
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
        batches = list(
            paths.read_grouped_paths(
                con, f"select * from _grouped_paths where period = '{month}' order by channels"
            )
        )
        counted[month] = _Period(count_chain(batches, n_channels, order), shapley_credit(batches, n_channels))
    if not months:
        return {}
    whole = counted[months[0]]
    for month in months[1:]:
        whole = whole + counted[month]
    return {ALL: whole, **counted}


def _global_credit(model: str, counted: _Period, unavailable: dict[str, str]) -> _GlobalCredit | None:
    """The model's credit in one period; None, with the reason noted, where it is unavailable."""
    if model in unavailable:
        return None
    chain = counted.chain
    try:
        if model in MARKOV_MODELS:
            return _markov(chain, int(model.removeprefix("markov_")))
        shapley = counted.shapley if model == "shapley" else markov_shapley_credit(chain)
    except (TooManyStates, Unavailable) as problem:
        unavailable[model] = str(problem)
        return None
    equal = np.ones(chain.n_channels)
    return _GlobalCredit(
        conversions=shapley.conversions,
        value=shapley.value / VALUE_UNITS,
        weights=equal if model == "shapley" else np.clip(shapley.conversions, 0, None),
    )


def _markov(chain: ChainCounts, order: int) -> _GlobalCredit:
    if order > chain.order:
        raise TooManyStates(
            f"a Markov chain of order {order} over {chain.n_channels} marketing channels does not fit: "
            "use a lower order, or map sources to fewer channels in data/reference/marketing_channels.csv"
        )
    counts = chain.at_order(order)
    effects = removal_effects(counts)
    return _GlobalCredit(
        conversions=credit(effects.conversions, float(counts.conversions.sum())),
        value=credit(effects.value, float(counts.value.sum()) / VALUE_UNITS),
        weights=effects.conversions,
        effect_conversions=effects.conversions,
        effect_value=effects.value,
    )


def _write_effects(con: duckdb.DuckDBPyConnection, of_all: dict[str, _GlobalCredit | None]) -> None:
    """Table `_effects` (model, channel_number, effect): relative to the largest of its model."""
    rows = [
        pd.DataFrame(
            {
                "model": model,
                "channel_number": np.arange(len(found.weights)),
                "effect": found.weights / max(found.weights.max(), np.finfo(float).tiny),
            }
        )
        for model, found in of_all.items()
        if found is not None
    ]
    frame = pd.concat(rows, ignore_index=True)  # noqa: F841  (read by DuckDB)
    con.execute("create or replace temp table _effects as select * from frame")


def _write_path_credits(con: duckdb.DuckDBPyConnection, model: str) -> None:
    con.execute(
        f"""
        insert into insight.attribution_credits_{model}
        with weighted as (
            select
                t.path_id, t.touch_id,
                e.effect / count(*) over (partition by t.path_id, t.channel_number) as part,
            from _touches t
            inner join _effects e on e.channel_number = t.channel_number and e.model = '{model}'
            where t.is_conversion
        ),
        totalled as (
            select
                path_id, touch_id,
                cast(round(1e15 * part) as bigint) as weight,  -- whole numbers: their sums are exact
                sum(weight) over (partition by path_id) as whole,
                count(*) over (partition by path_id) as touches,
            from weighted
        )
        select
            path_id, touch_id,
            case when whole > 0 then weight::double / whole::double else 1.0 / touches end as credit,
        from totalled
        """
    )


def _write_global(
    con: duckdb.DuckDBPyConnection,
    channels: list[str],
    periods: dict[str, _Period],
    credits: dict[tuple[str, str], _GlobalCredit | None],
) -> None:
    frames = []
    for (model, period), found in credits.items():
        if found is None:
            continue
        chain = periods[period].chain
        seen = chain.steps.sum(axis=0) > 0
        frame = pd.DataFrame(
            {
                "model": model,
                "period": period,
                "marketing_channel": channels,
                "effect_conversions": np.nan
                if found.effect_conversions is None
                else found.effect_conversions,
                "effect_value": np.nan if found.effect_value is None else found.effect_value,
                "conversions": found.conversions,
                "value": found.value,
            }
        )
        frames.append(frame[seen])
    global_credit = pd.concat(frames, ignore_index=True)  # noqa: F841  (read by DuckDB)
    per_model = "\nunion all\n".join(
        f"select '{model}' as model, conversion_id, touch_id, credit from insight.attribution_credits_{model}"
        for model in COMPUTED_MODELS
    )
    con.execute(
        f"""
        insert into insight.attribution_global
        with credits as (
            {per_model}
        ),
        monthly as (
            select
                c.model, t.period, t.channel_number,
                sum(c.credit::decimal(18, 15)) as conversions,
                sum(c.credit::decimal(19, 15) * t.value_units::decimal(18, 0)) as value_units,
            from credits c
            inner join _touches t
                on t.is_conversion and t.path_id = c.conversion_id and t.touch_id = c.touch_id
            group by all
        ),
        by_path as (
            select
                model, period, channel_number,
                conversions::double as conversions, value_units::double as value_units,
            from monthly
            union all
            select model, '{ALL}', channel_number, sum(conversions)::double, sum(value_units)::double,
            from monthly
            group by all
        )
        select
            g.model, g.period, g.marketing_channel,
            if(isnan(g.effect_conversions), null, g.effect_conversions),
            if(isnan(g.effect_value), null, g.effect_value),
            g.conversions, g.value,
            null, null, null, null,
            coalesce(p.conversions, 0), coalesce(p.value_units, 0) / {VALUE_UNITS},
            coalesce(p.conversions, 0) - g.conversions, coalesce(p.value_units, 0) / {VALUE_UNITS} - g.value,
        from global_credit g
        inner join _channels c using (marketing_channel)
        left join by_path p
            on p.model = g.model and p.period = g.period and p.channel_number = c.channel_number
        order by all
        """
    )


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
