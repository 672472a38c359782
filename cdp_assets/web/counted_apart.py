"""Counts an audience in a process of its own (`counting_child`), which the system ends: for queries that a project wrote.

DuckDB interrupts no function that builds one huge text, and a worker that counted such a query would answer nobody until it is done.
"""

from __future__ import annotations

import threading
from typing import Any

from cdp_assets.activation.library import Library
from cdp_assets.activation.problems import ActivationProblem
from cdp_assets.publishing.process_limits import NoAnswer, answer_of
from cdp_assets.settings import Settings
from cdp_assets.web.published import Published, QueryStopped

SECONDS, MEMORY_BYTES = 10, 512 << 20
START_SECONDS = 20  # of wall clock more than the counting's own: the processor's time is what is limited
_AT_ONCE = threading.BoundedSemaphore(1)  # of one worker


def counted_apart(
    settings: Settings, shown: Published, library: Library, name: str, *, with_overlap: bool = False
) -> Any:
    """What `count` gives (queries/audiences). Raises ActivationProblem as it does, and QueryStopped once its limits are reached."""
    asked = (settings.model_dump_json(), shown, library, name, with_overlap, SECONDS, MEMORY_BYTES)
    if not _AT_ONCE.acquire(timeout=SECONDS):
        raise QueryStopped("another audience is being counted")
    try:
        outcome, found = answer_of(
            "cdp_assets.web.counting_child", asked, wall_seconds=SECONDS + START_SECONDS, MALLOC_ARENA_MAX="1"
        )
    except NoAnswer:
        raise QueryStopped("an audience took more than its time or memory") from None
    finally:
        _AT_ONCE.release()
    if outcome == "problem":
        raise ActivationProblem(*found)
    if outcome == "stopped":
        raise QueryStopped("an audience took more than its time or memory")
    return found
