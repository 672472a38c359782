"""Identity's files about a person: decisions of stewards that wait in their inbox. Its tables are state's and the build's, and go with them."""

from __future__ import annotations

from cdp_assets.forgetting import Sought, Store, erase_in_files, files_of, find_in_files
from cdp_assets.settings import Settings

STORES = (Store("decisions of stewards that wait", ("rulings_inbox/*",), goes_whole=True),)


def find(settings: Settings, sought: Sought) -> dict[str, int]:
    return find_in_files(files_of(settings, STORES), sought)


def erase(settings: Settings, sought: Sought) -> dict[str, int]:
    """A decision about her goes whole: the records that it names are gone."""
    return erase_in_files(files_of(settings, STORES), sought)
