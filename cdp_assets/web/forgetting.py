"""The site's files about a person: accounts and sessions, charts and pages that it kept."""

from __future__ import annotations

from cdp_assets.forgetting import Store, in_files

STORES = (Store("the site's accounts, sessions and kept pictures", ("web/*",)),)
find, erase = in_files(STORES)
