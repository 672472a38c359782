"""What an earlier stretch of time says of the model's level: expectations and probabilities rescaled by what came.

BG/NBD lets customers leave only after a purchase, so it expects too much of whoever left in silence. The model is fitted on
the first weeks, its predictions for the weeks after are held against what came, and the correction (two numbers each) serves
the predictions from then on. Whether it holds is judged on a later stretch, in `verdicts`.

- Orders: seen ~ exp(level) * predicted ^ slope, by Poisson regression.
- Silence: logit(seen) = level + slope * logit(predicted), by logistic regression (Platt 1999).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from cdp_assets.insight.chain import FloatArray

LEAST = 1e-9
STEPS = 60


@dataclass(frozen=True)
class Rescaling:
    """Two corrections; the default changes nothing. `days`: the horizon that they were learned over."""

    days: float = 1.0
    orders_level: float = 0.0
    orders_slope: float = 1.0
    silence_level: float = 0.0
    silence_slope: float = 1.0

    def order_factor(self, predicted: FloatArray) -> FloatArray:
        """By what a customer's expected orders over any horizon are multiplied, given those over `days`."""
        logs = np.log(np.maximum(predicted, LEAST))
        factor: FloatArray = np.exp(self.orders_level + (self.orders_slope - 1.0) * logs)
        return factor

    def silence(self, predicted: FloatArray) -> FloatArray:
        """The corrected probability of no purchase."""
        rescaled: FloatArray = special.expit(self.silence_level + self.silence_slope * _logit(predicted))
        return rescaled


def learn(days: float, expected: FloatArray, silence: FloatArray, seen: FloatArray) -> Rescaling:
    """Learn both corrections from predictions over `days` and the purchase days that came; none where nothing or all came."""
    if not 0 < (seen > 0).sum() < len(seen):
        return Rescaling(days)
    orders = _regress(np.log(np.maximum(expected, LEAST)), seen, np.exp, np.exp)
    silent = _regress(
        _logit(silence),
        (seen == 0).astype(float),
        special.expit,
        lambda at: special.expit(at) * special.expit(-at),
    )
    if orders is None or silent is None:
        return Rescaling(days)
    return Rescaling(days, *orders, *silent)


def _logit(probability: FloatArray) -> FloatArray:
    logits: FloatArray = special.logit(np.clip(probability, LEAST, 1.0 - LEAST))
    return logits


def _regress(x: FloatArray, y: FloatArray, mean: np.ufunc, slope: object) -> tuple[float, float] | None:
    """Level and slope of a generalised linear model with its canonical link, by Newton's method; None where it does not settle."""
    design = np.column_stack([np.ones_like(x), x])
    found = np.array([0.0, 1.0])
    for _ in range(STEPS):
        at = np.clip(design @ found, -30.0, 30.0)
        weights = slope(at)  # type: ignore[operator]
        try:
            step = np.linalg.solve(design.T @ (design * weights[:, None]), design.T @ (y - mean(at)))
        except np.linalg.LinAlgError:
            return None
        found = found + np.clip(step, -2.0, 2.0)
        if np.abs(step).max() < 1e-10:
            return (float(found[0]), float(found[1])) if found[1] > 0 else None
    return None
