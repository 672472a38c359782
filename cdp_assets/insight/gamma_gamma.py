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

    likelihood = _Likelihood(x, m / scale)

    def mean(parameters: FloatArray) -> tuple[float, FloatArray]:
        value, gradient = likelihood.sum(parameters)
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
    return _Likelihood(x, m).sum(np.array([model.p, model.q, model.v]))[0]


class _Likelihood:
    """Summed log-likelihood and gradient. Special functions are taken once per distinct x, then looked up."""

    def __init__(self, x: FloatArray, m: FloatArray) -> None:
        self.x, x_at = np.unique(x, return_inverse=True)
        self.customers = np.bincount(x_at).astype(np.float64)
        self.log_m_of_x = np.bincount(x_at, np.log(m))
        self.m_log_sum = float(np.log(m).sum())
        self.all_x, self.all_total = x, m * x

    def sum(self, parameters: FloatArray) -> tuple[float, FloatArray]:
        """Value and gradient by (p, q, v)."""
        p, q, v = parameters
        x, customers = self.x, self.customers
        shape, log_x = p * x, np.log(x)
        log_all = np.log(v + self.all_total)
        constant = special.gammaln(shape + q) - special.gammaln(shape) - special.gammaln(q)
        constant = constant + q * np.log(v) + shape * log_x
        value = customers @ constant + shape @ self.log_m_of_x - self.m_log_sum
        value -= np.einsum("i,i->", p * self.all_x + q, log_all)
        both = special.digamma(shape + q)
        gradient = np.array(
            [
                customers @ (x * (both - special.digamma(shape) + log_x))
                + x @ self.log_m_of_x
                - np.einsum("i,i->", self.all_x, log_all),
                customers @ (both - special.digamma(q) + np.log(v)) - log_all.sum(),
                (q / v - (p * self.all_x + q) / (v + self.all_total)).sum(),
            ]
        )
        return float(value), gradient


def expected_order_value(model: GammaGamma, x: FloatArray, m: FloatArray) -> FloatArray:
    """Expected value of the next order (equation 5): p (v + x m) / (p x + q - 1); x = 0 gives the population's."""
    value: FloatArray = model.p * (model.v + x * np.where(x > 0, m, 0.0)) / (model.p * x + model.q - 1.0)
    return value
