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


def maximise(
    mean_log_likelihood: LogLikelihood,
    starts: Sequence[Sequence[float]],
    of_sample: LogLikelihood | None = None,
) -> FloatArray:
    """Parameters (all positive) at the first maximum found from the starts, tried in turn.

    `mean_log_likelihood(parameters)` gives the value and its gradient by parameter. `of_sample` is the same of some of
    the customers: its maximum and curvature make the search over all customers a matter of a few steps. Raises
    `NotConverged` where every start ends at a bound or with a slope.
    """
    if of_sample is not None:
        try:
            logs = np.log(maximise(of_sample, starts))
            found = _search(mean_log_likelihood, logs, _whitening(of_sample, logs))
        except (NotConverged, np.linalg.LinAlgError):
            found = None
        if found is not None:
            return found
    for start in starts:
        found = _search(mean_log_likelihood, np.log(start), np.eye(len(start)))
        if found is not None:
            return found
    raise NotConverged(
        f"the likelihood has no maximum within reach from {len(starts)} starts: customers are too few or too "
        "alike; give it a longer history, or look for days that hold all purchases of an import"
    )


def _search(mean_log_likelihood: LogLikelihood, start: FloatArray, axes: FloatArray) -> FloatArray | None:
    """L-BFGS over ln parameters = start + axes @ z; None where it ends at a bound or with a slope."""

    def objective(z: FloatArray) -> tuple[float, FloatArray]:
        parameters = np.exp(np.clip(start + axes @ z, -2 * BOUND, 2 * BOUND))
        value, gradient = mean_log_likelihood(parameters)
        return -value, -axes.T @ (gradient * parameters)

    options = {"maxiter": 1_000, "ftol": 1e-13, "gtol": 1e-7}
    found = optimize.minimize(objective, np.zeros(len(start)), jac=True, method="L-BFGS-B", options=options)
    logs = start + axes @ found.x
    slope = np.linalg.solve(axes.T, found.jac)
    is_maximum = (
        np.isfinite(found.fun) and np.abs(logs).max() < BOUND and np.abs(slope).max() <= GRADIENT_TOLERANCE
    )
    return np.exp(logs) if is_maximum else None


def _whitening(mean_log_likelihood: LogLikelihood, logs: FloatArray) -> FloatArray:
    """Axes along which the likelihood curves alike near its maximum: A with A A' the inverse of minus its Hessian."""
    step = 1e-4
    columns = []
    for place in range(len(logs)):
        slopes = []
        for sign in (1.0, -1.0):
            moved = logs.copy()
            moved[place] += sign * step
            parameters = np.exp(moved)
            slopes.append(mean_log_likelihood(parameters)[1] * parameters)
        columns.append((slopes[0] - slopes[1]) / (2 * step))
    hessian = np.array(columns)
    lower = np.linalg.cholesky(-(hessian + hessian.T) / 2)
    axes: FloatArray = np.linalg.inv(lower).T
    return axes
