"""Every room that keeps something, by name: each offers its stores, `find` and `erase` in its own `forgetting`.

They are called by name, because the site stands above this room: a room is asked, and knows nothing of who asks.
"""

from __future__ import annotations

import importlib
from types import ModuleType

ROOMS = ("landing", "identity", "publishing", "activation", "sharing", "operations", "web")
# Rooms whose erasure is a step of its own, in the order of `erasure`; the others are asked in the step `others`.
WITH_STEPS = ("landing", "publishing")


def room(name: str) -> ModuleType:
    return importlib.import_module(f"cdp_assets.{name}.forgetting")


def others() -> list[ModuleType]:
    return [room(name) for name in ROOMS if name not in WITH_STEPS]
