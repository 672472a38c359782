"""OneID: which customer records are one person, and the lasting id of each. What others may call is in `face`.

The face is loaded when a name of it is first asked for: the site reads a phone as identity does, without Splink in its memory.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cdp_assets.identity.face import *  # noqa: F403


def __getattr__(name: str) -> Any:
    if name.startswith("__") or find_spec(f"{__name__}.{name}"):  # a module of the room is imported by itself
        raise AttributeError(name)
    return getattr(import_module("cdp_assets.identity.face"), name)
