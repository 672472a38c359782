"""Which parameters serve today: fitted today, else yesterday's, else none; said in `insight.customer_value_fit`.

The decision and its record belong here; the likelihoods are in `bgnbd` and `gamma_gamma`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

import duckdb

from cdp_assets.insight.bgnbd import BgNbd
from cdp_assets.insight.gamma_gamma import GammaGamma
from cdp_assets.insight.likelihood import NotConverged

BG_NBD, GAMMA_GAMMA = "bg_nbd", "gamma_gamma"
PARAMETERS = {BG_NBD: ("r", "alpha", "a", "b"), GAMMA_GAMMA: ("p", "q", "v")}


class TooFewCustomers(ValueError):
    """Not enough customers for a fit; the message says how many there are and are needed."""


@dataclass(frozen=True)
class ModelFit:
    """The parameters of one model that serve on one date; none where status is 'unavailable'."""

    model: str
    status: str  # fitted, previous, unavailable
    fitted_as_of_date: date | None = None
    parameters: Mapping[str, float] = field(default_factory=dict)
    log_likelihood: float | None = None
    customers: int = 0  # in the fit
    frequency_value_correlation: float | None = None
    message: str | None = None  # what to do, unless fitted

    @property
    def bg_nbd(self) -> BgNbd | None:
        return BgNbd(**self.parameters) if self.model == BG_NBD and self.parameters else None

    @property
    def gamma_gamma(self) -> GammaGamma | None:
        return GammaGamma(**self.parameters) if self.model == GAMMA_GAMMA and self.parameters else None


def fit_or_fall_back(
    model: str,
    as_of_date: date,
    customers: int,
    fit: Callable[[], tuple[BgNbd | GammaGamma, float]],
    previous: Mapping[str, ModelFit],
    correlation: float | None = None,
) -> ModelFit:
    """Fit the model; where that fails, the previous parameters serve, with the reason and what to do as message."""
    try:
        fitted, log_likelihood = fit()
    except (NotConverged, TooFewCustomers) as problem:
        earlier = previous.get(model)
        if earlier is None or not earlier.parameters:
            return ModelFit(
                model,
                "unavailable",
                customers=customers,
                frequency_value_correlation=correlation,
                message=f"{model} was not fitted: {problem}. There are no earlier parameters: its columns are empty",
            )
        return ModelFit(
            model,
            "previous",
            fitted_as_of_date=earlier.fitted_as_of_date,
            parameters=dict(earlier.parameters),
            log_likelihood=earlier.log_likelihood,
            customers=customers,
            frequency_value_correlation=correlation,
            message=f"{model} was not fitted: {problem}. The parameters of {earlier.fitted_as_of_date} serve",
        )
    parameters = {name: float(getattr(fitted, name)) for name in PARAMETERS[model]}
    return ModelFit(model, "fitted", as_of_date, parameters, log_likelihood, customers, correlation)


def read_previous_parameters(state: duckdb.DuckDBPyConnection, as_of_date: date) -> dict[str, ModelFit]:
    """Per model, the parameters that served on the latest date before `as_of_date`, from state's customer_value_fit.

    `state`: a connection whose current database is state.duckdb. A run for the same date again gives the same answer.
    """
    rows = state.execute(
        """
        select model, fitted_as_of_date, r, alpha, a, b, p, q, v, log_likelihood, customers
        from customer_value_fit
        where as_of_date < ? and status <> 'unavailable'
        qualify row_number() over (partition by model order by as_of_date desc) = 1
        """,
        [as_of_date],
    ).fetchall()
    names = ("r", "alpha", "a", "b", "p", "q", "v")
    fits = {}
    for model, fitted_as_of_date, *values, log_likelihood, customers in rows:
        found = dict(zip(names, values, strict=True))
        parameters = {name: found[name] for name in PARAMETERS[model]}
        fits[model] = ModelFit(model, "previous", fitted_as_of_date, parameters, log_likelihood, customers)
    return fits


def write_fits(con: duckdb.DuckDBPyConnection, as_of_date: date, fits: Mapping[str, ModelFit]) -> None:
    """Append to `insight.customer_value_fit`, one row per model."""
    for fit in fits.values():
        parameters = [fit.parameters.get(name) for name in ("r", "alpha", "a", "b", "p", "q", "v")]
        con.execute(
            "insert into insight.customer_value_fit values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                as_of_date,
                fit.model,
                fit.status,
                fit.fitted_as_of_date,
                *parameters,
                fit.log_likelihood,
                fit.customers,
                fit.frequency_value_correlation,
                fit.message,
            ],
        )
