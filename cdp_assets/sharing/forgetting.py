"""What was shared, and keys of intersections, without a person: a released table holds nobody; lists of matches lose her line."""

from __future__ import annotations

from cdp_assets.forgetting import Store, in_files

STORES = (
    Store("tables released to partners, with their cards", ("share/*",)),
    Store("files of private set intersection", ("psi/*",)),
)
find, erase = in_files(STORES)
