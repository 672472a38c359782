"""What runs leave behind about a person: logs, run records, Dagster's storage, dbt's target. They lose the lines and rows that name her."""

from __future__ import annotations

from cdp_assets.forgetting import Sought, Store, erase_in_files, files_of, find_in_files
from cdp_assets.settings import Settings

STORES = (
    Store("logs and run records", ("logs/*", "runs/*")),
    Store("Dagster's storage", ("dagster/*",)),
    Store("dbt's target", ("dbt_target/*",)),
)


def find(settings: Settings, sought: Sought) -> dict[str, int]:
    return find_in_files(files_of(settings, STORES), sought)


def erase(settings: Settings, sought: Sought) -> dict[str, int]:
    return erase_in_files(files_of(settings, STORES), sought)
