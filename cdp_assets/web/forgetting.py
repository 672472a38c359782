"""The site's files about a person: accounts and sessions, charts and pages that it kept."""

from __future__ import annotations

from cdp_assets.forgetting import Sought, Store, erase_in_files, files_of, find_in_files
from cdp_assets.settings import Settings

STORES = (Store("the site's accounts, sessions and kept pictures", ("web/*",)),)


def find(settings: Settings, sought: Sought) -> dict[str, int]:
    return find_in_files(files_of(settings, STORES), sought)


def erase(settings: Settings, sought: Sought) -> dict[str, int]:
    return erase_in_files(files_of(settings, STORES), sought)
