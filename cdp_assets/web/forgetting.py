"""The site's files about a person: accounts and sessions, charts and answers that it kept, what queries spilled."""

from __future__ import annotations

import shutil
from pathlib import Path

from cdp_assets.forgetting import Sought, Store, erase_in_files, files_of, in_files
from cdp_assets.settings import Settings

# Caches of a generation: made again for the next, and of no use with a line cut out of them.
CACHES = Store(
    "kept answers and pictures of the site, spilled queries",
    ("web/answers/*", "web/pictures/*", "web/spill/*"),
    goes_whole=True,
)
STORES = (CACHES, Store("the site's accounts, sessions and alerts", ("web/*",)))
find, _ = in_files(STORES)


def erase(settings: Settings, sought: Sought) -> dict[str, int]:
    """Cut them out; what was kept of former generations goes in any case, and what processes spilled that are gone: its bytes cannot be read."""
    shutil.rmtree(settings.home / "web" / "answers", ignore_errors=True)
    for spilled in (settings.home / "web" / "spill").glob("[0-9]*-*"):
        if not Path(f"/proc/{spilled.name.partition('-')[0]}").exists():
            shutil.rmtree(spilled, ignore_errors=True)
    return erase_in_files(files_of(settings, STORES), sought)
