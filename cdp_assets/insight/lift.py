"""Attribution against what each marketing channel truly caused: the simulator knows, the pipeline never does.

Only the comparison belongs here; `demo.journeys` says how true lift is counted, dbt what models credit.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
from scipy.optimize import linprog

from cdp_assets.insight.tables import InsightInputProblem, require_columns

LIFT_FILE = "marketing_lift.csv"
CREDITS = "marts.attribution_credits"
SALES_CHANNEL = "shopify"  # true lift is that of the web shop's orders
DIRECT = "direct"  # causes nothing, and is credited with the orders on whose paths nothing else stands


@dataclass(frozen=True)
class ModelAgainstLift:
    """One model's shares of the credited web shop conversions beside the true shares of its incremental orders.

    `shares`: by marketing channel, sums to one; `misplaced`: the share of all credit that would have to move to another
    marketing channel to equal the truth, half the sum of absolute differences (0 is right, 1 is all wrong);
    `misplaced_of_marketing`: the same of what is left when direct is taken out of both.
    """

    model: str
    shares: dict[str, float]
    misplaced: float
    misplaced_of_marketing: float


@dataclass(frozen=True)
class LiftComparison:
    """True share by marketing channel, greatest first, and every model beside it, nearest first.

    `least`: what even a model that knew the truth would misplace, because it may credit an order to what stands on its path alone.
    """

    true_shares: dict[str, float]
    models: list[ModelAgainstLift]
    least: float


def compare_with_lift(con: duckdb.DuckDBPyConnection, truth: Path) -> LiftComparison:
    """Compare `marts.attribution_credits` in this connection with `marketing_lift.csv` in the folder of the true answer.

    Raises InsightInputProblem where the marts are not built, or where truth and credits name no conversion.
    """
    require_columns(
        con, CREDITS, ("attribution_model", "conversion_id", "channel", "marketing_channel", "credit")
    )
    lift = con.execute(
        "select marketing_channel, coalesce(true_share::double, 0) from read_csv(?, header = true) order by 2 desc, 1",
        [str(truth / LIFT_FILE)],
    ).fetchall()
    true_shares: dict[str, float] = dict(lift)
    credited: dict[str, dict[str, float]] = {}
    for model, channel, conversions in con.execute(
        f"""
        select attribution_model, marketing_channel, sum(credit::decimal(38, 15))::double
        from {CREDITS}
        where channel = ? and touch_id is not null
        group by all order by all
        """,
        [SALES_CHANNEL],
    ).fetchall():
        credited.setdefault(model, {})[channel] = conversions
    if not credited or not sum(true_shares.values()):
        raise InsightInputProblem(
            f"{LIFT_FILE} cannot be compared: {len(credited)} attribution models credit a touch of the web shop's orders, "
            f"and {sum(share > 0 for share in true_shares.values())} marketing channels have true lift"
        )
    models = [_against(model, conversions, true_shares) for model, conversions in credited.items()]
    nearest = sorted(models, key=lambda found: (found.misplaced, found.model))
    return LiftComparison(true_shares, nearest, _least_misplaced(_orders_by_channels(con), true_shares))


def _orders_by_channels(con: duckdb.DuckDBPyConnection) -> dict[tuple[str, ...], int]:
    """How many web shop orders have which marketing channels on their path, as any model credits them."""
    counted = con.execute(
        f"""
            with paths as (
                select conversion_id, list_sort(list(distinct marketing_channel)) as channels
                from {CREDITS}
                where channel = ? and touch_id is not null
                group by conversion_id
            )
            select channels, count(*) from paths group by channels order by channels
            """,
        [SALES_CHANNEL],
    ).fetchall()
    return {tuple(channels): count for channels, count in counted}


def _least_misplaced(orders: dict[tuple[str, ...], int], true_shares: dict[str, float]) -> float:
    """The least that credit can misplace which sums to one per order over the channels of its path: a linear program.

    Unknown: the orders of each set that each of its channels is credited with, and per channel how far its share is from the truth.
    """
    names = list({**true_shares, **{name: 0.0 for channels in orders for name in channels}})
    parts = [(row, names.index(name)) for row, channels in enumerate(orders) for name in channels]
    whole = sum(orders.values())
    shares = np.zeros((len(names), len(parts)))
    shared_out = np.zeros((len(orders), len(parts)))
    for column, (row, channel) in enumerate(parts):
        shares[channel, column] = 1 / whole
        shared_out[row, column] = 1
    truth = np.array([true_shares.get(name, 0.0) for name in names])
    apart = np.eye(len(names))
    found = linprog(
        np.r_[np.zeros(len(parts)), np.full(len(names), 0.5)],
        A_ub=np.block([[shares, -apart], [-shares, -apart]]),
        b_ub=np.r_[truth, -truth],
        A_eq=np.c_[shared_out, np.zeros((len(orders), len(names)))],
        b_eq=np.array(list(orders.values()), dtype=float),
        method="highs",
    )
    return float(found.fun)


def _against(model: str, conversions: dict[str, float], true_shares: dict[str, float]) -> ModelAgainstLift:
    names = [*true_shares, *sorted(conversions.keys() - true_shares.keys())]
    shares = _shares({name: conversions.get(name, 0.0) for name in names})
    of_marketing = _shares({name: share for name, share in shares.items() if name != DIRECT})
    true_of_marketing = _shares({name: share for name, share in true_shares.items() if name != DIRECT})
    apart_of_marketing = _apart(of_marketing, true_of_marketing) if any(of_marketing.values()) else 1.0
    return ModelAgainstLift(model, shares, _apart(shares, true_shares), apart_of_marketing)


def _shares(amounts: dict[str, float]) -> dict[str, float]:
    whole = sum(amounts.values())
    return {name: amount / whole if whole else 0.0 for name, amount in amounts.items()}


def _apart(shares: dict[str, float], true_shares: dict[str, float]) -> float:
    """Half the sum of absolute differences."""
    return sum(abs(share - true_shares.get(name, 0.0)) for name, share in shares.items()) / 2
