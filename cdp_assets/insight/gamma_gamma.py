"""Gamma-Gamma: what an order of a customer is worth, drawn towards the population by how little is known of them.

Fader, Hardie 2013, "The Gamma-Gamma model of monetary value" (brucehardie.com/notes/025). Order values of a customer
are Gamma(p, nu), nu is Gamma(q, v) over customers, independent of how often they buy: the correlation of frequency and
value is reported beside the fit. A customer is (x, m): x orders of mean value m > 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from cdp_assets.insight.chain import FloatArray
from cdp_assets.insight.likelihood import NotConverged, maximise

STARTS = ((5.0, 3.0, 1.0), (1.0, 2.0, 1.0), (20.0, 5.0, 0.2))


@dataclass(frozen=True)
class GammaGamma:
    """Fitted parameters; v in the unit of money of the values."""

    p: float
    q: float
    v: float

    @property
    def population_mean(self) -> float:
        """Mean order value over all customers: p v / (q - 1)."""
        return self.p * self.v / (self.q - 1.0)


def fit(x: FloatArray, m: FloatArray) -> tuple[GammaGamma, float]:
    """Maximum likelihood parameters and log-likelihood, from customers with x >= 1 orders of mean value m > 0.

    Raises `likelihood.NotConverged`, also where q <= 1: then the model has no mean order value.
    """
    if len(x) == 0 or not ((x >= 1) & (m > 0)).all():
        raise ValueError(
            "Gamma-Gamma needs customers with at least one repeat order and a positive mean value"
        )
    scale = float(m.mean())

    def mean(parameters: FloatArray) -> tuple[float, FloatArray]:
        value, gradient = _log_likelihood(parameters, x, m / scale)
        return value / len(x), gradient / len(x)

    p, q, v = maximise(mean, STARTS)
    if q <= 1.0:
        raise NotConverged(
            "Gamma-Gamma's q is at most 1, so that the mean order value is infinite: look for single huge orders "
            "(a wholesale customer, a wrong currency) and give it a longer history"
        )
    model = GammaGamma(float(p), float(q), float(v * scale))
    return model, log_likelihood(model, x, m)


def log_likelihood(model: GammaGamma, x: FloatArray, m: FloatArray) -> float:
    """Log-likelihood of all customers (equation 1a of the note)."""
    return _log_likelihood(np.array([model.p, model.q, model.v]), x, m)[0]


def _log_likelihood(parameters: FloatArray, x: FloatArray, m: FloatArray) -> tuple[float, FloatArray]:
    p, q, v = parameters
    shape = p * x
    log_m, log_x, log_all = np.log(m), np.log(x), np.log(v + m * x)
    value = special.gammaln(shape + q) - special.gammaln(shape) - special.gammaln(q)
    value = value + q * np.log(v) + (shape - 1.0) * log_m + shape * log_x - (shape + q) * log_all
    both = special.digamma(shape + q)
    gradient = np.array(
        [
            (x * (both - special.digamma(shape) + log_m + log_x - log_all)).sum(),
            (both - special.digamma(q) + np.log(v) - log_all).sum(),
            (q / v - (shape + q) / (v + m * x)).sum(),
        ]
    )
    return float(value.sum()), gradient


def expected_order_value(model: GammaGamma, x: FloatArray, m: FloatArray) -> FloatArray:
    """Expected value of the next order (equation 5): p (v + x m) / (p x + q - 1); x = 0 gives the population's."""
    value: FloatArray = model.p * (model.v + x * np.where(x > 0, m, 0.0)) / (model.p * x + model.q - 1.0)
    return value
