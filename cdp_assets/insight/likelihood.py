"""Maximum likelihood as both customer value models need it: positive parameters, several starts, an honest verdict.

The models' formulas are in `bgnbd` and `gamma_gamma`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from scipy import optimize

from cdp_assets.insight.chain import FloatArray

LogLikelihood = Callable[[FloatArray], tuple[float, FloatArray]]

BOUND = (
    12.0  # |ln parameter|, in scaled units: beyond, a parameter runs away and the data do not determine it
)
GRADIENT_TOLERANCE = 1e-5  # of the mean log-likelihood, by ln parameter


class NotConverged(ValueError):
    """No maximum of the likelihood was found; the message says why and what to do."""


def maximise(mean_log_likelihood: LogLikelihood, starts: Sequence[Sequence[float]]) -> FloatArray:
    """Parameters (all positive) at the first maximum found from the starts, tried in turn.

    `mean_log_likelihood(parameters)` gives the value and its gradient by parameter. Raises `NotConverged` where every
    start ends at a bound or with a slope.
    """

    def objective(logs: FloatArray) -> tuple[float, FloatArray]:
        parameters = np.exp(logs)
        value, gradient = mean_log_likelihood(parameters)
        return -value, -gradient * parameters

    for start in starts:
        found = optimize.minimize(
            objective,
            np.log(start),
            jac=True,
            method="L-BFGS-B",
            bounds=[(-BOUND, BOUND)] * len(start),
            options={"maxiter": 1_000, "ftol": 1e-15, "gtol": 1e-9},
        )
        is_maximum = (
            np.isfinite(found.fun)
            and np.abs(found.x).max() < BOUND - 1e-3
            and np.abs(found.jac).max() <= GRADIENT_TOLERANCE
        )
        if is_maximum:
            parameters: FloatArray = np.exp(found.x)
            return parameters
    raise NotConverged(
        f"the likelihood has no maximum within reach from {len(starts)} starts: customers are too few or too "
        "alike; give it a longer history, or look for days that hold all purchases of an import"
    )
