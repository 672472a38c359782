"""dbt-duckdb's plugin of this project: gives dbt's connections the macro `pseudonym`, which no compiled file can hold the key of.

Named in dbt_project/profiles.yml. Where dbt is run by hand, the key is that of the home in the environment.
"""

from __future__ import annotations

from typing import Any

from dbt.adapters.duckdb.plugins import BasePlugin

from cdp_assets.keys import load_key, register_pseudonym
from cdp_assets.settings import Settings

_KEYS: list[bytes] = []  # the key of the home that dbt works on now, the last one


def use_key(settings: Settings) -> None:
    """Say which home's key the connections that dbt opens from now on get."""
    _KEYS[:] = [load_key(settings)]


class Plugin(BasePlugin):  # type: ignore[misc]  # dbt-duckdb has no types
    """Temporary macros belong to a cursor: each gets its own."""

    def configure_cursor(self, cursor: Any) -> None:
        """Make `pseudonym(text)` in a cursor that dbt is about to use."""
        if not _KEYS:
            use_key(Settings.load())
        register_pseudonym(cursor, _KEYS[0])
