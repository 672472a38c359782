"""What runs leave behind about a person: logs, run records, Dagster's storage, dbt's target. They lose the lines and rows that name her."""

from __future__ import annotations

from cdp_assets.forgetting import Store, in_files

STORES = (
    Store("logs and run records", ("logs/*", "runs/*")),
    Store("Dagster's storage", ("dagster/*",)),
    Store("dbt's target", ("dbt_target/*",)),
)
find, erase = in_files(STORES)
