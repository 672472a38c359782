"""Numeric insight: what SQL says badly. Markov and Shapley attribution with intervals, and customer value.

Two entry points, each one Dagster asset, both plain functions on a DuckDB connection to the warehouse:

- `compute_attribution(con, as_of_date)` reads `journeys.path_touches`, writes `insight.attribution_*`;
- `compute_customer_value(con, as_of_date, previous_parameters)` reads `journeys.customer_purchase_days`, writes
  `insight.customer_value*`; `read_previous_parameters(state, as_of_date)` gives the parameters that serve when a fit
  fails, `save_calibration_plot(con, path)` draws the holdout.

`compare_with_lift(con, truth)` says how near each attribution model comes to what the simulator knows.

The tables read and written, column by column, are in `cdp_assets.insight.tables`. Heuristic attribution models (first
touch, linear, ...) are SQL and live in dbt; so do RFM, traits and everything that joins. No Dagster import here.

Each name is imported when it is first asked for: the site reads a scorecard's order without SciPy and Altair in its memory.
"""

from typing import TYPE_CHECKING

from cdp_assets.lazy_names import lazy_names

if TYPE_CHECKING:
    from cdp_assets.insight.attribution import AttributionSummary, compute_attribution
    from cdp_assets.insight.calibration import save_calibration_plot
    from cdp_assets.insight.customer_value import CustomerValueSummary, compute_customer_value
    from cdp_assets.insight.fits import ModelFit, read_previous_parameters
    from cdp_assets.insight.lift import LiftComparison, compare_with_lift
    from cdp_assets.insight.tables import InsightInputProblem

_HOMES = {
    "attribution": ["AttributionSummary", "compute_attribution"],
    "calibration": ["save_calibration_plot"],
    "customer_value": ["CustomerValueSummary", "compute_customer_value"],
    "fits": ["ModelFit", "read_previous_parameters"],
    "lift": ["LiftComparison", "compare_with_lift"],
    "tables": ["InsightInputProblem"],
}

__getattr__ = lazy_names(__name__, _HOMES)


__all__ = [
    "AttributionSummary",
    "CustomerValueSummary",
    "InsightInputProblem",
    "LiftComparison",
    "ModelFit",
    "compare_with_lift",
    "compute_attribution",
    "compute_customer_value",
    "read_previous_parameters",
    "save_calibration_plot",
]
