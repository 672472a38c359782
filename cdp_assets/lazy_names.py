"""Names of a room that are imported when they are first asked for: whoever needs one of them does not load what the others need."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any


def lazy_names(package: str, homes: Mapping[str, Sequence[str]]) -> Callable[[str], Any]:
    """The `__getattr__` of a package: `homes` says which of its modules each name is of."""

    def found(name: str) -> Any:
        home = next((module for module, names in homes.items() if name in names), None)
        if home is None:
            raise AttributeError(name)
        return getattr(import_module(f"{package}.{home}"), name)

    return found
