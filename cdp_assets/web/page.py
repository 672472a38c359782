"""A page: its name and address, who may see it, and its tabs. What stands in them is in `pages/`, one module per page."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cdp_assets.web.blocks import Blocks
from cdp_assets.web.view import View

Build = Callable[[View], Blocks]


@dataclass(frozen=True)
class Page:
    """name: of its texts. address: where it stands, with what it names in braces; by itself `/name`. tabs: what each builds; the first stands at the bare address.

    group: where the navigation lists it, None for pages that others link to. may: the permission it takes.
    """

    name: str
    tabs: Mapping[str, Build]
    may: str = "read"
    group: str | None = "business"
    is_personal: bool = False  # shows single persons: never built ahead
    is_still: bool = (
        False  # nothing but a generation, the address, the reader's roles and notes on days changes it
    )

    address: str | None = None

    @property
    def path(self) -> str:
        return self.address or f"/{self.name}"

    def tab_path(self, tab: str) -> str:
        first = next(iter(self.tabs))
        if tab == first:
            return self.path
        return f"{self.path.rstrip('/')}/{tab}"
