"""Numeric insight: what SQL says badly. Markov and Shapley attribution with intervals, and customer value.

Two entry points, each one Dagster asset, both plain functions on a DuckDB connection to the warehouse:

- `compute_attribution(con, as_of_date)` reads `journeys.path_touches`, writes `insight.attribution_*`;
- `compute_customer_value(con, as_of_date, previous_parameters)` reads `journeys.customer_purchase_days`,
  writes
  `insight.customer_value*`.

The tables read and written, column by column, are in `cdp_assets.insight.tables`. Heuristic attribution
models (first touch, linear, ...) are SQL and live in dbt; so do RFM, traits and everything that joins. No
Dagster import here.
"""
