"""Whether predictions hold: predicted against seen in the holdout, by decile of the prediction, with an interval.

The rescaling judged here was learned on the stretch before the holdout, so that the verdict is on weeks that nothing was learned
from. A figure holds where its total lies in the interval of what was seen, or near it, and so do most deciles.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from cdp_assets.insight.chain import FloatArray

DECILES = 10
Z = 1.96
NEAR = {"orders": 0.10, "silence": 0.05}  # of the seen orders; of the probability
NEAR_OF_DECILE = {"orders": 0.20, "silence": 0.05}
DECILES_NEEDED = 0.7
HOLDS, DOES_NOT_HOLD, NOT_TESTED = "holds", "does_not_hold", "not_tested"


@dataclass(frozen=True)
class Verdict:
    """Whether one measure ('orders' or 'silence') holds over a horizon; means per customer."""

    measure: str
    status: str
    horizon_days: int | None = None
    customers: int = 0
    unscaled_mean: float | None = None
    predicted_mean: float | None = None
    actual_mean: float | None = None
    actual_low: float | None = None
    actual_high: float | None = None
    deciles_inside: int | None = None
    message: str | None = None


def judge(
    measure: str, horizon_days: int, unscaled: FloatArray, predicted: FloatArray, seen: FloatArray
) -> tuple[Verdict, pd.DataFrame]:
    """The verdict, and one row per decile: measure, decile, customers, unscaled_mean, predicted_mean, actual_mean, low, high, is_inside."""
    order = np.argsort(predicted, kind="stable")
    rows = []
    for number, members in enumerate(np.array_split(order, min(DECILES, len(order))), start=1):
        mean = float(predicted[members].mean())
        actual, low, high = _interval(measure, seen[members])
        near = NEAR_OF_DECILE[measure] * (actual if measure == "orders" else 1.0)
        rows.append(
            {
                "measure": measure,
                "decile": number,
                "customers": len(members),
                "unscaled_mean": float(unscaled[members].mean()),
                "predicted_mean": mean,
                "actual_mean": actual,
                "actual_low": low,
                "actual_high": high,
                "is_inside": low <= mean <= high or abs(mean - actual) <= near,
            }
        )
    deciles = pd.DataFrame(rows)
    mean = float(predicted.mean())
    actual, low, high = _interval(measure, seen)
    near = NEAR[measure] * (actual if measure == "orders" else 1.0)
    inside = int(deciles["is_inside"].sum())
    holds = (low <= mean <= high or abs(mean - actual) <= near) and inside >= DECILES_NEEDED * len(deciles)
    message = None
    if not holds:
        message = (
            f"customer value: predicted {mean:.3f} {measure} per customer over {horizon_days} days, seen {actual:.3f} "
            f"({low:.3f} to {high:.3f}), {inside} of {len(deciles)} deciles inside: the figures are not shown"
        )
    verdict = Verdict(
        measure, HOLDS if holds else DOES_NOT_HOLD, horizon_days, len(seen), float(unscaled.mean()), mean, actual, low, high,
        inside, message,
    )  # fmt: skip
    return verdict, deciles


def _interval(measure: str, seen: FloatArray) -> tuple[float, float, float]:
    """Mean and its 95 % interval: by the spread of customers, for shares by Wilson's formula (1927)."""
    count, mean = len(seen), float(seen.mean())
    if measure == "orders":
        half = Z * float(seen.std(ddof=1)) / np.sqrt(count) if count > 1 else 0.0
        return mean, max(mean - half, 0.0), mean + half
    centre = (mean + Z**2 / (2 * count)) / (1 + Z**2 / count)
    half = Z / (1 + Z**2 / count) * float(np.sqrt(mean * (1 - mean) / count + Z**2 / (4 * count**2)))
    return mean, centre - half, centre + half
