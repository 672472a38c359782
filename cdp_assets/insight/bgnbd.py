"""BG/NBD: how often a customer comes back, and whether they are still there.

Fader, Hardie, Lee 2005, "Counting your customers the easy way: an alternative to the Pareto/NBD model", Marketing
Science 24:275-284. A customer buys as a Poisson process whose rate is Gamma(r, alpha) over customers, and leaves after
any purchase with a probability that is Beta(a, b) over customers. A history is (x, t_x, T): x repeat purchases, t_x
from the first to the last purchase, T from the first purchase to the end of observation. Any unit of time, the same
for all.

Money is not known here; see `gamma_gamma`. Tables are read and written in `customer_value`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from cdp_assets.insight.chain import FloatArray, IntArray
from cdp_assets.insight.likelihood import maximise

SAMPLE = 20_000  # groups
STARTS = ((0.5, 0.2, 0.5, 2.0), (1.0, 1.0, 1.0, 1.0), (0.2, 0.05, 2.0, 5.0), (3.0, 1.0, 0.1, 1.0))


@dataclass(frozen=True)
class Histories:
    """Customers grouped by equal (x, t_x, T); `customers` counts each group."""

    x: FloatArray
    t_x: FloatArray
    T: FloatArray
    customers: FloatArray

    def __post_init__(self) -> None:
        if ((self.t_x > self.T) | (self.x < 0) | (self.t_x < 0) | ((self.x == 0) != (self.t_x == 0))).any():
            raise ValueError("a history needs 0 <= t_x <= T, and t_x = 0 exactly where x = 0")


@dataclass(frozen=True)
class BgNbd:
    """Fitted parameters; alpha in the unit of time of the histories."""

    r: float
    alpha: float
    a: float
    b: float


@dataclass(frozen=True)
class Prior:
    """What is believed before any history is seen: r, a + b and a / (a + b) are log-normal, each as weakly as a few customers know it.

    Without it short histories let a and b run off together: the likelihood rises along a ridge on which nobody's
    probability of leaving differs from another's, and from month to month the fit stops anywhere on it.
    """

    r: float = 0.5
    spread_of_r: float = 2.0
    a_and_b: float = 4.0
    spread_of_a_and_b: float = 0.5
    leaving: float = 0.1
    spread_of_leaving: float = 1.5

    def log_density(self, parameters: FloatArray) -> tuple[float, FloatArray]:
        """Log-density up to a constant, and its gradient by (r, alpha, a, b)."""
        r, _, a, b = parameters
        of_r = np.log(r / self.r) / self.spread_of_r
        of_both = np.log((a + b) / self.a_and_b) / self.spread_of_a_and_b
        of_leaving = np.log(a / (a + b) / self.leaving) / self.spread_of_leaving
        by_both = -of_both / self.spread_of_a_and_b / (a + b)
        by_leaving = -of_leaving / self.spread_of_leaving
        return float(-(of_r**2 + of_both**2 + of_leaving**2) / 2), np.array(
            [
                -of_r / self.spread_of_r / r,
                0.0,
                by_both + by_leaving * (1.0 / a - 1.0 / (a + b)),
                by_both - by_leaving / (a + b),
            ]
        )


WEAK_PRIOR = Prior()


def fit(histories: Histories, prior: Prior | None = None) -> tuple[BgNbd, float]:
    """Parameters and their log-likelihood: of maximum likelihood, or of maximum posterior density under a prior.

    Raises `likelihood.NotConverged`.
    """
    scale = float(histories.T.max(initial=0.0)) or 1.0  # of time, so that alpha is of order one
    scaled = _Likelihood(
        Histories(histories.x, histories.t_x / scale, histories.T / scale, histories.customers), prior
    )
    sample = _Likelihood(_some(scaled.histories), prior).posterior if len(histories.x) > 4 * SAMPLE else None
    r, alpha, a, b = maximise(scaled.posterior, STARTS, sample)
    model = BgNbd(float(r), float(alpha * scale), float(a), float(b))
    mean, _ = scaled.mean(np.array([r, alpha, a, b]))
    jacobian = np.log(scale) * (histories.customers @ histories.x)  # densities are per unit of time
    return model, mean * float(histories.customers.sum()) - float(jacobian)


def _some(histories: Histories) -> Histories:
    """A fixed sample of the groups, to find out where the maximum is."""
    chosen = np.random.default_rng(0).choice(len(histories.x), SAMPLE, replace=False)
    return Histories(
        *(column[chosen] for column in (histories.x, histories.t_x, histories.T, histories.customers))
    )


def log_likelihood(model: BgNbd, histories: Histories) -> float:
    """Log-likelihood of all customers (equation 6 of the paper)."""
    mean, _ = _Likelihood(histories).mean(np.array([model.r, model.alpha, model.a, model.b]))
    return mean * float(histories.customers.sum())


class _Likelihood:
    """Mean log-likelihood and gradient. Special functions are taken once per distinct x, t_x and T, then looked up."""

    def __init__(self, histories: Histories, prior: Prior | None = None) -> None:
        self.histories, self.prior = histories, prior
        weights = histories.customers / histories.customers.sum()
        self.x, x_at = np.unique(histories.x, return_inverse=True)
        self.weight_of_x = np.bincount(x_at, weights)
        self.T, T_at = np.unique(histories.T, return_inverse=True)
        self.weight_of_T = np.bincount(T_at, weights)
        self.x_weight_of_T = np.bincount(T_at, weights * histories.x)
        back = histories.x > 0  # only who came back may have left
        self.t_x, t_x_at = np.unique(histories.t_x[back], return_inverse=True)
        self.back_x, self.back_weight = histories.x[back], weights[back]
        self.back_x_at, self.back_T_at, self.back_t_x_at = x_at[back], T_at[back], t_x_at

    def posterior(self, parameters: FloatArray) -> tuple[float, FloatArray]:
        """Mean log-likelihood plus the prior's part of it per customer, and gradient by (r, alpha, a, b)."""
        value, gradient = self.mean(parameters)
        if self.prior is not None:
            density, slope = self.prior.log_density(parameters)
            customers = float(self.histories.customers.sum())
            value, gradient = value + density / customers, gradient + slope / customers
        return value, gradient

    def mean(self, parameters: FloatArray) -> tuple[float, FloatArray]:
        """Value and gradient by (r, alpha, a, b)."""
        r, alpha, a, b = parameters
        value, gradient = self._of_counts(r, alpha, a, b)
        log_T = np.log(alpha + self.T)
        value -= r * (self.weight_of_T @ log_T) + self.x_weight_of_T @ log_T
        gradient[0] -= self.weight_of_T @ log_T
        gradient[1] -= (r * self.weight_of_T + self.x_weight_of_T) @ (1.0 / (alpha + self.T))
        if len(self.back_x):
            left_value, left_gradient = self._of_leaving(r, alpha, a, b, log_T)
            value, gradient = value + left_value, gradient + left_gradient
        return float(value), gradient

    def _of_counts(self, r: float, alpha: float, a: float, b: float) -> tuple[float, FloatArray]:
        """The factors A1 and A2 of the paper, which depend on x alone."""
        x, weight = self.x, self.weight_of_x
        value = special.gammaln(r + x) - special.gammaln(r) + r * np.log(alpha)
        value += (
            special.gammaln(a + b) + special.gammaln(b + x) - special.gammaln(b) - special.gammaln(a + b + x)
        )
        both = special.digamma(a + b) - special.digamma(a + b + x)
        gradient = np.array(
            [
                weight @ (special.digamma(r + x) - special.digamma(r)) + np.log(alpha),
                r / alpha,
                weight @ both,
                weight @ (both + special.digamma(b + x) - special.digamma(b)),
            ]
        )
        return float(weight @ value), gradient

    def _of_leaving(
        self, r: float, alpha: float, a: float, b: float, log_T: FloatArray
    ) -> tuple[float, FloatArray]:
        """ln(1 + exp(odds)) of those who came back: the odds (log) of having left after the last purchase."""
        before_leaving = np.where(self.x > 0, b + self.x - 1.0, 1.0)  # of x = 0 it is not used
        log_before = np.log(before_leaving)
        silence = log_T[self.back_T_at] - np.log(alpha + self.t_x)[self.back_t_x_at]
        odds = np.log(a) - log_before[self.back_x_at] + (r + self.back_x) * silence
        small = np.exp(-np.abs(odds))
        value = _dot(self.back_weight, np.maximum(odds, 0.0) + np.log1p(small))  # ln(1 + exp(odds))
        left = np.where(odds > 0, 1.0, small) / (1.0 + small) * self.back_weight
        by_alpha = (1.0 / (alpha + self.T))[self.back_T_at] - (1.0 / (alpha + self.t_x))[self.back_t_x_at]
        gradient = np.array(
            [
                _dot(left, silence),
                _dot(left, (r + self.back_x) * by_alpha),
                left.sum() / a,
                -np.bincount(self.back_x_at, left, len(self.x)) @ (1.0 / before_leaving),
            ]
        )
        return float(value), gradient


def _dot(left: FloatArray, right: FloatArray) -> float:
    """Sum of products on one thread: a BLAS that spins its threads costs more than it gains here."""
    return float(np.einsum("i,i->", left, right))


def probability_alive(model: BgNbd, x: FloatArray, t_x: FloatArray, T: FloatArray) -> FloatArray:
    """Probability that the customer has not left by T; 1 without a repeat purchase, as leaving follows one."""
    before_leaving = np.where(x > 0, model.b + x - 1.0, 1.0)
    odds = np.log(model.a) - np.log(before_leaving)
    odds = odds + (model.r + x) * (np.log(model.alpha + T) - np.log(model.alpha + t_x))
    alive: FloatArray = np.where(x > 0, special.expit(-odds), 1.0)
    return alive


def probability_of_silence(
    model: BgNbd, x: FloatArray, T: FloatArray, alive: FloatArray, t: float
) -> FloatArray:
    """Probability of no purchase in (T, T + t]: gone by T, or alive and silent.

    Given the history, the rate of who is alive is Gamma(r + x, alpha + T), and a Poisson process of that mixture stays
    silent for t with probability ((alpha + T) / (alpha + T + t)) ^ (r + x).
    """
    silent = ((model.alpha + T) / (model.alpha + T + t)) ** (model.r + x)
    silence: FloatArray = 1.0 - alive * (1.0 - silent)
    return silence


def expected_if_alive(model: BgNbd, x: FloatArray, T: FloatArray, t: float | FloatArray) -> FloatArray:
    """Expected purchases in (T, T + t] of a customer alive at T with x repeat purchases (equation 10 / P(alive)).

    With x = T = 0 this is the expectation for a new customer (equation 9). The hypergeometric function is taken after
    Euler's transformation, 2F1(A, B; C; z) = (1 - z)^(C - A - B) 2F1(C - A, C - B; C; z), which does not overflow
    for frequent buyers.
    """
    r, alpha, b = model.r, model.alpha, model.b
    a = model.a if abs(model.a - 1.0) > 1e-6 else 1.0 + 1e-6  # removable singularity at a = 1
    c = a + b + x - 1.0
    c = np.where(np.abs(c) > 1e-9, c, 1e-9)
    z = t / (alpha + T + t)
    kept = (1.0 - z) ** (a - 1.0) * special.hyp2f1(a + b - 1.0 - r, a - 1.0, c, z)
    expected: FloatArray = c / (a - 1.0) * (1.0 - kept)
    return expected


def distinct_ages(x: FloatArray, T: FloatArray) -> tuple[tuple[FloatArray, FloatArray], IntArray]:
    """The distinct (x, T), and where each customer's is among them: expectations do not depend on t_x."""
    pairs, at = np.unique(x + 1j * T, return_inverse=True)
    return (pairs.real, pairs.imag), at


def group(x: IntArray | FloatArray, t_x: IntArray | FloatArray, T: IntArray | FloatArray) -> Histories:
    """Group single customers' histories by equal values."""
    rows, counts = np.unique(np.column_stack([x, t_x, T]).astype(np.float64), axis=0, return_counts=True)
    return Histories(rows[:, 0], rows[:, 1], rows[:, 2], counts.astype(np.float64))
