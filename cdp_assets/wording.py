"""How sentences for people are put."""

from __future__ import annotations


def counted(count: int, things: str) -> str:
    """A number of things, `things` in the plural with -s: `1 row`, `1,024 rows`."""
    return f"{count:,} {things.removesuffix('s') if count == 1 else things}"
