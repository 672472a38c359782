"""The log of `--reveal`: who looked at identifiers in clear, and when; never what was searched for.

Showing the identifiers is the pages' part.
"""

from __future__ import annotations

import getpass
import json
import os
from datetime import UTC, datetime

from cdp_assets.settings import Settings

ENVIRONMENT = "ONEFOLD_UI_REVEAL"  # set by `onefold ui --reveal` for the pages' process


def is_revealed() -> bool:
    """Whether the pages were started with --reveal."""
    return os.environ.get(ENVIRONMENT) == "1"


def log_reveal(settings: Settings, action: str, *, generation: str, **facts: object) -> None:
    """Append one line to HOME/logs/reveal.log (owner-only): time, user of the machine, action, and counts or ids only."""
    settings.logs_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    line = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "user": getpass.getuser(),
        "action": action,
        "generation": generation,
        **facts,
    }
    path = settings.logs_dir / "reveal.log"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as log:
        log.write(json.dumps(line, ensure_ascii=False) + "\n")
