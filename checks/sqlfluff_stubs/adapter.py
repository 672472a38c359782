"""What sqlfluff's jinja templater sees in place of dbt's adapter: each dispatched macro yields something of its form."""

from __future__ import annotations

from collections.abc import Callable


def dispatch(macro_name: str, macro_namespace: str | None = None) -> Callable[..., str]:
    is_query = macro_name.endswith("spine")
    return lambda *arguments, **named: "select 1 as dispatched" if is_query else "dispatched()"
