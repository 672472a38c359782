"""Numeric insight: what SQL says badly. Markov and Shapley attribution with intervals, and customer value.

Two entry points, each one Dagster asset, both plain functions on a DuckDB connection to the warehouse:

- `compute_attribution(con, as_of_date)` reads `journeys.path_touches`, writes `insight.attribution_*`;
- `compute_customer_value(con, as_of_date, previous_parameters)` reads `journeys.customer_purchase_days`, writes
  `insight.customer_value*`; `read_previous_parameters(state, as_of_date)` gives the parameters that serve when a fit
  fails, `save_calibration_plot(con, path)` draws the holdout.

`compare_with_lift(con, truth)` says how near each attribution model comes to what the simulator knows.

The tables read and written, column by column, are in `cdp_assets.insight.tables`. Heuristic attribution models (first
touch, linear, ...) are SQL and live in dbt; so do RFM, traits and everything that joins. No Dagster import here.
"""

from cdp_assets.insight.attribution import AttributionSummary, compute_attribution
from cdp_assets.insight.calibration import save_calibration_plot
from cdp_assets.insight.customer_value import CustomerValueSummary, compute_customer_value
from cdp_assets.insight.fits import ModelFit, read_previous_parameters
from cdp_assets.insight.lift import LiftComparison, compare_with_lift
from cdp_assets.insight.tables import InsightInputProblem

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
