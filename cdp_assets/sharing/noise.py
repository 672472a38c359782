"""Noise of differential privacy, drawn by OpenDP: discrete Laplace over whole numbers, and what a cell must reach to be told."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from cdp_assets.sharing.problems import SharingProblem


def library() -> Any:
    """OpenDP, which is an extra. Raises SharingProblem where it is not installed."""
    try:
        import opendp.prelude as dp
    except ImportError:
        raise SharingProblem(
            "OpenDP is not installed, and nothing else here draws noise",
            "opendp",
            "pip install 'onefold[share]'",
        ) from None
    dp.enable_features("contrib")
    return dp


def laplace(reach: int, epsilon: float) -> Callable[[int], int]:
    """Adds noise to a whole number that one person can change by `reach`. Raises SharingProblem where OpenDP does not vouch for epsilon."""
    dp = library()
    scale = reach / epsilon
    measurement = dp.m.make_laplace(dp.atom_domain(T="i64"), dp.absolute_distance(T="i64"), scale)
    if measurement.map(reach) > epsilon * (1 + 1e-9):
        raise SharingProblem("OpenDP does not vouch for this epsilon", "epsilon", "choose a larger one")
    return lambda value: int(measurement(value))


def least_count(epsilon: float, delta: float, k: int) -> int:
    """The noised count that a cell must reach: k, and where keys are not public so much that a cell of one person shows with at most delta.

    P(1 + X ≥ t) = e^(−(t−1)·ε) / (1 + e^(−ε)) ≤ δ for discrete Laplace X of scale 1/ε.
    """
    return max(k, 1 + math.ceil(math.log(1 / delta) / epsilon)) if delta else k


def half_width(reach: int, epsilon: float) -> float:
    """Within how much 95 % of draws lie."""
    return reach / epsilon * math.log(20)
