"""What was shared, and keys of intersections, without a person: a released table holds nobody; lists of matches lose her line."""

from __future__ import annotations

from cdp_assets.forgetting import Sought, Store, erase_in_files, files_of, find_in_files
from cdp_assets.settings import Settings

STORES = (
    Store("tables released to partners, with their cards", ("share/*",)),
    Store("files of private set intersection", ("psi/*",)),
)


def find(settings: Settings, sought: Sought) -> dict[str, int]:
    return find_in_files(files_of(settings, STORES), sought)


def erase(settings: Settings, sought: Sought) -> dict[str, int]:
    return erase_in_files(files_of(settings, STORES), sought)
