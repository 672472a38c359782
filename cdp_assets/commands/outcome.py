"""What a command comes to: its own code, or a reason in words that may be shown."""

from __future__ import annotations

from collections.abc import Callable

from rich.console import Console

from cdp_assets.errors import safe_text
from cdp_assets.publishing import lock

EXIT_DONE, EXIT_FAILED = 0, 1


def outcome(console: Console, work: Callable[[], int]) -> int:
    """The code that `work` returns; EXIT_LOCKED while a run works on the home, EXIT_FAILED where anything is raised, with the reason."""
    try:
        return work()
    except lock.HomeLocked as error:
        console.print(str(error), markup=False)
        return lock.EXIT_LOCKED
    except Exception as error:
        console.print(safe_text(error), markup=False, highlight=False, soft_wrap=True)
        return EXIT_FAILED
