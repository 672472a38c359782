"""Customer value: expected orders and their discounted worth per customer, from `journeys.customer_purchase_days`.

Unit of time is the business day; a purchase day is a day with a positive net amount, up to as_of_date. x counts repeat
days (the first is none), T ends at as_of_date. Gamma-Gamma is fitted on the mean of repeat days. Who bought before the
data begin is scored but left out of the fit. Months are 365.25 / 12 days.

The models are in `bgnbd` and `gamma_gamma`, what happens when a fit fails in `fits`, the holdout in `calibration`; what it
teaches (`rescaling`) is in every expectation, and whether that holds is in `insight.customer_value_verdict`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import date

import duckdb
import numpy as np
import pandas as pd

from cdp_assets.insight import bgnbd, calibration, gamma_gamma
from cdp_assets.insight.calibration import Calibration
from cdp_assets.insight.chain import FloatArray
from cdp_assets.insight.fits import (
    BG_NBD,
    GAMMA_GAMMA,
    ModelFit,
    TooFewCustomers,
    fit_or_fall_back,
    write_fits,
)
from cdp_assets.insight.histories import (
    HISTORIES,
    build_histories,
    check_purchase_days,
    read_histories,
    read_repeat_values,
)
from cdp_assets.insight.rescaling import Rescaling
from cdp_assets.insight.tables import OUTPUT_COLUMNS, create_output_table

DAYS_PER_MONTH = 365.25 / 12
HORIZONS = (3, 6, 12)  # months
VALUE_MONTHS = 12
CHURN_MONTHS = 6
DISCOUNT_RATE = 0.10  # a year
MIN_CUSTOMERS = 100
MIN_REPEAT_CUSTOMERS = 30


@dataclass(frozen=True)
class CustomerValueSummary:
    """What a run computed: counts, states and warnings only, fit for a log or Dagster metadata."""

    as_of_date: date
    customers: int
    customers_in_fit: int
    customers_with_population_order_value: int
    statuses: dict[str, str]  # model -> fitted, previous, unavailable
    frequency_value_correlation: float | None
    calibration_weeks: int
    verdicts: dict[str, str]  # orders, silence -> holds, does_not_hold, not_tested
    warnings: tuple[str, ...] = ()


def compute_customer_value(
    con: duckdb.DuckDBPyConnection,
    as_of_date: date,
    previous_parameters: Mapping[str, ModelFit] | None = None,
    *,
    discount_rate: float = DISCOUNT_RATE,
) -> CustomerValueSummary:
    """Fill every `insight.customer_value*` table (columns: see `tables`).

    `con`: a writable connection whose current database is the warehouse; `previous_parameters`: from
    `fits.read_previous_parameters`, they serve where today's fit fails; `discount_rate`: a year, above -1. Where there
    are too few customers and no earlier parameters the tables are empty but typed, and the warnings say so. Raises
    `InsightInputProblem` where the input breaks its contract.
    """
    if not discount_rate > -1.0:
        raise ValueError(
            f"the discount rate a year must be above -1, not {discount_rate}: set one such as 0.1"
        )
    for name in OUTPUT_COLUMNS:
        if name.startswith("customer_value"):
            create_output_table(con, name)
    check_purchase_days(con)
    build_histories(con, as_of_date)
    try:
        fits = _fit_both(con, as_of_date, previous_parameters or {})
        write_fits(con, as_of_date, fits)
        found = calibration.write_calibration(con, as_of_date)
        _write_verdicts(con, found)
        if fits[BG_NBD].bg_nbd is not None:
            _write_customer_value(con, fits, discount_rate, found.rescaling)
        return _summary(con, as_of_date, fits, found)
    finally:
        con.execute(f"drop table if exists temp.{HISTORIES}")


def _fit_both(
    con: duckdb.DuckDBPyConnection, as_of_date: date, previous: Mapping[str, ModelFit]
) -> dict[str, ModelFit]:
    histories = read_histories(con)
    x, mean_value = read_repeat_values(con)

    def fit_bg_nbd() -> tuple[bgnbd.BgNbd, float]:
        customers = int(histories.customers.sum())
        repeating = int(histories.customers[histories.x > 0].sum())
        _require_customers(customers, MIN_CUSTOMERS, "customers")
        _require_customers(repeating, MIN_REPEAT_CUSTOMERS, "customers with a repeat day")
        return bgnbd.fit(histories, bgnbd.WEAK_PRIOR)

    def fit_gamma_gamma() -> tuple[gamma_gamma.GammaGamma, float]:
        _require_customers(len(x), MIN_REPEAT_CUSTOMERS, "customers with a repeat day")
        return gamma_gamma.fit(x, mean_value)

    return {
        BG_NBD: fit_or_fall_back(BG_NBD, as_of_date, int(histories.customers.sum()), fit_bg_nbd, previous),
        GAMMA_GAMMA: fit_or_fall_back(
            GAMMA_GAMMA,
            as_of_date,
            len(x),
            fit_gamma_gamma,
            previous,
            correlation=_correlation(x, mean_value),
        ),
    }


def _require_customers(found: int, needed: int, what: str) -> None:
    if found < needed:
        raise TooFewCustomers(
            f"there are {found} {what} to learn from, at least {needed} are needed: let more orders, or an earlier history, land"
        )


def _correlation(x: FloatArray, mean_value: FloatArray) -> float | None:
    """Pearson correlation of frequency and value; Gamma-Gamma assumes about zero. None where it is not defined."""
    if len(x) < 2 or np.ptp(x) == 0 or np.ptp(mean_value) == 0:
        return None
    return float(np.corrcoef(x, mean_value)[0, 1])


def _write_customer_value(
    con: duckdb.DuckDBPyConnection, fits: Mapping[str, ModelFit], discount_rate: float, rescaling: Rescaling
) -> None:
    model = fits[BG_NBD].bg_nbd
    assert model is not None
    groups = con.execute(f"select distinct x, t_x, age from {HISTORIES} order by all").df()
    scored = _score(model, groups, discount_rate, rescaling)  # noqa: F841  (read by DuckDB)
    money = fits[GAMMA_GAMMA].gamma_gamma
    # without Gamma-Gamma, every order is taken at the mean of all purchase days
    order_value = (
        f"({money.p} * ({money.v} + h.x * coalesce(h.mean_repeat_value, 0)) / ({money.p} * h.x + {money.q - 1.0}))"
        if money
        else f"(select sum(total_value)::double / sum(x + 1) from {HISTORIES})"
    )
    con.execute(
        f"""
        insert into insight.customer_value
        with valued as (
            select h.*, {order_value} as expected_order_value,
            from {HISTORIES} h
        )
        select
            v.customer_id, v.x, v.t_x, v.age, not v.has_earlier_purchases,
            {", ".join(f"s.expected_purchase_days_{months}_months" for months in HORIZONS)},
            s.probability_alive, s.probability_no_purchase_{CHURN_MONTHS}_months, v.mean_repeat_value, v.expected_order_value,
            {"v.x = 0" if money else "true"},
            s.discounted_orders * v.expected_order_value, {discount_rate},
        from valued v
        inner join scored s on s.x = v.x and s.t_x = v.t_x and s.age = v.age
        order by v.customer_id
        """
    )


def _write_verdicts(con: duckdb.DuckDBPyConnection, found: Calibration) -> None:
    rows = pd.DataFrame([asdict(verdict) for verdict in found.verdicts])  # noqa: F841  (read by DuckDB)
    con.execute("insert into insight.customer_value_verdict by name select * from rows")


def _score(
    model: bgnbd.BgNbd, groups: pd.DataFrame, discount_rate: float, rescaling: Rescaling
) -> pd.DataFrame:
    """One row per distinct history: P(alive), P(no purchase), expected orders by horizon, and orders of a year discounted by month.

    Expectations and P(no purchase) are rescaled by what the holdout taught; P(alive) is the model's own.
    """
    x, t_x, age = (groups[column].to_numpy(float) for column in ("x", "t_x", "age"))
    alive = bgnbd.probability_alive(model, x, t_x, age)
    ages, at = bgnbd.distinct_ages(x, age)
    cumulative = np.zeros((VALUE_MONTHS + 1, len(groups)))
    for month in range(1, VALUE_MONTHS + 1):
        if_alive = bgnbd.expected_if_alive(model, *ages, month * DAYS_PER_MONTH)
        cumulative[month] = if_alive[at] * alive
    cumulative *= rescaling.order_factor(bgnbd.expected_if_alive(model, *ages, rescaling.days)[at] * alive)
    discount = (1.0 + discount_rate) ** (-np.arange(1, VALUE_MONTHS + 1) / 12)
    scored = groups.assign(probability_alive=alive, discounted_orders=discount @ np.diff(cumulative, axis=0))
    silence = bgnbd.probability_of_silence(model, x, age, alive, CHURN_MONTHS * DAYS_PER_MONTH)
    scored[f"probability_no_purchase_{CHURN_MONTHS}_months"] = rescaling.silence(silence)
    for months in HORIZONS:
        scored[f"expected_purchase_days_{months}_months"] = cumulative[months]
    return scored


def _summary(
    con: duckdb.DuckDBPyConnection,
    as_of_date: date,
    fits: Mapping[str, ModelFit],
    found: Calibration,
) -> CustomerValueSummary:
    row = con.execute(
        f"""
        select
            (select count(*) from {HISTORIES}),
            (select count(*) from {HISTORIES} where not has_earlier_purchases),
            (select count(*) from insight.customer_value where is_population_order_value)
        """
    ).fetchone()
    assert row is not None
    messages = (
        [fit.message for fit in fits.values()] + [found.message] + [one.message for one in found.verdicts]
    )
    return CustomerValueSummary(
        as_of_date=as_of_date,
        customers=row[0],
        customers_in_fit=row[1],
        customers_with_population_order_value=row[2],
        statuses={model: fit.status for model, fit in fits.items()},
        frequency_value_correlation=fits[GAMMA_GAMMA].frequency_value_correlation,
        calibration_weeks=found.weeks,
        verdicts={one.measure: one.status for one in found.verdicts},
        warnings=tuple(message for message in messages if message),
    )
