"""Onefold: many channels, one customer.

A batch project on Dagster, Splink, dbt and DuckDB. Each sub-package is one room of the design; data walks one way:
landing -> identity -> insight -> publishing. `definitions` assembles what Dagster shows, `cli` what a person types.
"""
