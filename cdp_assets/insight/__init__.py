"""Numeric insight: what SQL says badly. Markov and Shapley attribution with intervals, and customer value.

Two entry points, each one Dagster asset, both plain functions on a DuckDB connection to the warehouse:

- `compute_attribution(con, as_of_date)` reads `journeys.path_touches`, writes `insight.attribution_*`;
- `compute_customer_value(con, as_of_date, previous_parameters)` reads `journeys.customer_purchase_days`, writes
  `insight.customer_value*`; `read_previous_parameters(state, as_of_date)` gives the parameters that serve when a fit
  fails, `save_calibration_plot(con, path)` draws the holdout.

`compare_with_lift(con, truth)` says how near each attribution model comes to what the simulator knows.

The tables read and written, column by column, are in `cdp_assets.insight.tables`. Heuristic attribution models (first
touch, linear, ...) are SQL and live in dbt; so do RFM, traits and everything that joins. No Dagster import here.

The face is loaded when a name of it is first asked for: the site reads a scorecard's order without SciPy and Altair in its memory.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cdp_assets.insight.face import *  # noqa: F403


def __getattr__(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    return getattr(import_module("cdp_assets.insight.face"), name)
