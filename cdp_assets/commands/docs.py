"""`onefold docs`: dbt's documentation of the last build, as one static page."""

from __future__ import annotations

import webbrowser
from datetime import date
from pathlib import Path

from cdp_assets import dbt_runner
from cdp_assets.commands.saying import plain_console
from cdp_assets.errors import safe_text
from cdp_assets.publishing import lock
from cdp_assets.publishing.listing import list_generations
from cdp_assets.settings import Settings


def write_docs(*, home: Path | None) -> int:
    """Write the page, open it where there is a browser, and print where it is; 0, or 1 where there is no build to document."""
    console = plain_console()
    settings = Settings.load(home=home)
    if not settings.warehouse_path.exists():
        console.print(
            f"{settings.home} has no build yet: `onefold run` makes one", highlight=False, soft_wrap=True
        )
        return 1
    try:
        with lock.hold(settings.home):
            page = dbt_runner.write_docs(settings, _date_of_the_build(settings))
    except lock.HomeLocked as error:
        console.print(str(error), markup=False)
        return lock.EXIT_LOCKED
    except Exception as error:
        console.print(safe_text(error), markup=False)
        return 1
    is_open = console.is_terminal and webbrowser.open(page.as_uri())
    console.print(f"{'opened' if is_open else 'open'} {page}", highlight=False, soft_wrap=True)
    return 0


def _date_of_the_build(settings: Settings) -> date | None:
    """That of the last run which published; dbt parses anew for another date."""
    current = next((each for each in list_generations(settings) if each.status == "current"), None)
    return current.as_of_date if current else None
