"""The process that makes a generation ready (`warm_up` starts it, with settings on its input): low priority, then it is gone."""

from __future__ import annotations

import os
import sys

from cdp_assets.settings import Settings
from cdp_assets.web import warmed
from cdp_assets.web.published import LIMITS, newest_published


def main() -> None:
    os.nice(2)
    LIMITS.seconds = 120.0
    settings = Settings.model_validate_json(sys.stdin.read())
    shown = newest_published(settings)
    if shown is not None:
        warmed.make(settings, shown)


if __name__ == "__main__":
    main()
