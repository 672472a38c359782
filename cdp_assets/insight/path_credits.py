"""Credit per conversion and touch of the computed models, and their totals per period.

What the models' global credit is belongs to `attribution`, how it is shared among sets of channels to `scaling`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import duckdb
import numpy as np
import pandas as pd

from cdp_assets.insight.chain import VALUE_UNITS, FloatArray
from cdp_assets.insight.scaling import BoolArray, SharedConversions, share_conversions
from cdp_assets.insight.tables import COMPUTED_MODELS
from cdp_assets.sql_text import from_file

ALL = "all"
TEMPORARY_TABLES = ("_shares",)


@dataclass(frozen=True)
class RawCredit:
    """One model in one period, per channel: its global credit, before the paths have a say."""

    conversions: FloatArray
    effect_conversions: FloatArray | None = None
    effect_value: FloatArray | None = None


def _sets_by_month(
    con: duckdb.DuckDBPyConnection, n_channels: int
) -> dict[str, tuple[list[str], BoolArray, FloatArray]]:
    """Month → (sets of channels by name, which channels are in each, conversions of each)."""
    counted = con.execute(
        "select period, channel_set, count(*)::double from _path_sets group by all order by all"
    ).fetchall()
    sets: dict[str, tuple[list[str], BoolArray, FloatArray]] = {}
    for month in sorted({period for period, *_ in counted}):
        names = [name for period, name, _ in counted if period == month]
        members = np.zeros((len(names), n_channels), dtype=bool)
        for row, name in enumerate(names):
            members[row, [int(channel) for channel in name.split(",")]] = True
        sets[month] = (names, members, np.array([count for period, _, count in counted if period == month]))
    return sets


def share_by_month(
    con: duckdb.DuckDBPyConnection, n_channels: int, raw: Mapping[tuple[str, str], FloatArray]
) -> None:
    """Fill `_shares` (model, period, channel_set, channel_number, share, is_projected) from raw credit by (model, month)."""
    sets = _sets_by_month(con, n_channels)
    frames = []
    for (model, month), credit in raw.items():
        if month in sets:
            names, members, conversions = sets[month]
            found = (
                equal_shares(members, conversions)
                if model == "shapley"
                else share_conversions(credit, members, conversions)
            )
            frames.append(_share_rows(model, month, names, members, found))
    con.execute(
        "create or replace temp table _shares "
        "(model text, period text, channel_set text, channel_number bigint, share double, is_projected boolean)"
    )
    if frames:
        shares = pd.concat(frames, ignore_index=True)  # noqa: F841  (read by DuckDB)
        con.execute("insert into _shares select * from shares")


def equal_shares(members: BoolArray, conversions: FloatArray) -> SharedConversions:
    """The set form of Shapley: every channel of a set has the same part."""
    shares = members / members.sum(axis=1, keepdims=True)
    return SharedConversions(shares.T @ conversions, shares, False)


def _share_rows(
    model: str, month: str, names: list[str], members: BoolArray, found: SharedConversions
) -> pd.DataFrame:
    row, channel = np.nonzero(members)
    return pd.DataFrame(
        {
            "model": model,
            "period": month,
            "channel_set": np.array(names, dtype=object)[row],
            "channel_number": channel,
            "share": found.shares[row, channel],
            "is_projected": found.is_projected,
        }
    )


def write_path_credits(con: duckdb.DuckDBPyConnection, model: str) -> None:
    """Credit of every touch that the model reads: its channel's part of the conversion, shared equally by the channel's touches."""
    con.execute(
        f"""
        insert into insight.attribution_credits_{model}
        select
            t.path_id, t.touch_id,
            s.share / count(*) over (partition by t.path_id, t.channel_number) as credit,
        from _touches t
        inner join _path_sets p using (path_id)
        inner join _shares s
            on s.model = '{model}' and s.period = p.period and s.channel_set = p.channel_set
            and s.channel_number = t.channel_number
        where t.is_conversion and t.role <> 'dropped'
        """
    )


def write_global(
    con: duckdb.DuckDBPyConnection,
    channels: list[str],
    raw: Mapping[tuple[str, str], RawCredit],
    seen: Mapping[str, BoolArray],
) -> None:
    """Fill `insight.attribution_global`: the sums of the credits per conversion, with the raw credit and the effects beside them."""
    frames = [
        pd.DataFrame(
            {
                "model": model,
                "period": period,
                "marketing_channel": channels,
                "effect_conversions": _or_missing(found.effect_conversions, len(channels)),
                "effect_value": _or_missing(found.effect_value, len(channels)),
                "raw_conversions": found.conversions if period != ALL else np.nan,
            }
        )[seen[period]]
        for (model, period), found in raw.items()
    ]
    found_raw = pd.concat(frames, ignore_index=True)  # noqa: F841  (read by DuckDB)
    per_model = "\nunion all\n".join(
        f"select '{model}' as model, conversion_id, touch_id, credit from insight.attribution_credits_{model}"
        for model in COMPUTED_MODELS
    )
    con.execute(
        from_file(
            __name__, "attribution_global", per_model=per_model, every_month=ALL, value_units=VALUE_UNITS
        )
    )


def _or_missing(effects: FloatArray | None, n_channels: int) -> FloatArray:
    """Effects, missing where the channel has none in this model (Shapley's, or direct outside the chain)."""
    if effects is None:
        return np.full(n_channels, np.nan)
    return effects
