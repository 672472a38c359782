"""Attribution against what each marketing channel truly caused: the simulator knows, the pipeline never does.

Only the comparison belongs here; `demo.journeys` says how true lift is counted, dbt what models credit.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import duckdb

from cdp_assets.insight.tables import InsightInputProblem, require_columns

LIFT_FILE = "marketing_lift.csv"
CREDITS = "marts.attribution_credits"
SALES_CHANNEL = "shopify"  # true lift is that of the web shop's orders


@dataclass(frozen=True)
class ModelAgainstLift:
    """One model's shares of the credited web shop conversions beside the true shares of its incremental orders.

    `shares`: by marketing channel, sums to one; `misplaced`: the share of all credit that would have to move to another
    marketing channel to equal the truth, half the sum of absolute differences (0 is right, 1 is all wrong).
    """

    model: str
    shares: dict[str, float]
    misplaced: float


@dataclass(frozen=True)
class LiftComparison:
    """True share by marketing channel, greatest first, and every model beside it, nearest first."""

    true_shares: dict[str, float]
    models: list[ModelAgainstLift]


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
    return LiftComparison(true_shares, sorted(models, key=lambda found: (found.misplaced, found.model)))


def _against(model: str, conversions: dict[str, float], true_shares: dict[str, float]) -> ModelAgainstLift:
    whole = sum(conversions.values())
    names = [*true_shares, *sorted(conversions.keys() - true_shares.keys())]
    shares = {name: conversions.get(name, 0.0) / whole for name in names}
    misplaced = sum(abs(share - true_shares.get(name, 0.0)) for name, share in shares.items()) / 2
    return ModelAgainstLift(model, shares, misplaced)
