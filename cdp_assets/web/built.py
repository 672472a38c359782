"""Blocks of pages that nothing but a new generation changes, kept by this process: a page costs its queries and its building once.

A page says that it is one of these (`Page.is_still`). Everything that such a page depends on besides the generation is in the key: its
address, the language, what the reader may see, notes on days, and the classes of columns.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from typing import Any

from cdp_assets.web import pictures
from cdp_assets.web.blocks import Picture, Table, all_blocks
from cdp_assets.web.page import Page
from cdp_assets.web.view import View
from cdp_assets.web.visible import classes_version

KEPT = 96
LARGEST_TABLE = 5_000  # rows of a table that is kept with its page

_kept: OrderedDict[tuple[object, ...], list[Any]] = OrderedDict()
_lock = threading.Lock()


def blocks_of(view: View, page: Page, tab: str) -> list[Any]:
    """The blocks of a page's tab, built now or kept from another reader."""
    if not page.is_still:
        return list(page.tabs[tab](view))
    key = _key(view, page, tab)
    with _lock:
        found = _kept.get(key)
        if found is not None:
            _kept.move_to_end(key)
    if found is not None and _has_its_pictures(view, found):
        return found
    built = list(page.tabs[tab](view))
    if not view.notices and view.status == 200 and _is_small(built):
        with _lock:
            for other in [each for each in _kept if each[0] == key[0] and each[1] != key[1]]:
                del _kept[other]  # of a generation that is no longer shown
            _kept[key] = built
            while len(_kept) > KEPT:
                _kept.popitem(last=False)
    return built


def _key(view: View, page: Page, tab: str) -> tuple[object, ...]:
    settings, who = view.settings, view.who
    return (
        settings.home, view.shown.version, page.name, tab, view.texts.language, view.base, view.path, str(view.query),
        tuple(sorted(view.values.items())), who.roles, tuple(view.day_notes), classes_version(settings),
        settings.reporting_currency, settings.business_time_zone,
    )  # fmt: skip


def _has_its_pictures(view: View, blocks: list[Any]) -> bool:
    """Whether the charts of kept blocks can still be drawn."""
    return all(
        pictures.is_kept(view.settings, block.address.rpartition("/")[2])
        for block in all_blocks(blocks)
        if isinstance(block, Picture)
    )


def _is_small(blocks: list[Any]) -> bool:
    return all(len(block.data) <= LARGEST_TABLE for block in all_blocks(blocks) if isinstance(block, Table))
