"""`onefold docs`: dbt's documentation of the last build, as one static page."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from cdp_assets import dbt_runner
from cdp_assets.errors import safe_text
from cdp_assets.publishing import lock
from cdp_assets.settings import Settings


def write_docs(*, home: Path | None) -> int:
    """Write the page and print where it is; 0, or 1 where there is no build to document."""
    console = Console()
    settings = Settings.load(home=home)
    if not settings.warehouse_path.exists():
        console.print(
            f"{settings.home} has no build yet: `onefold run` makes one", highlight=False, soft_wrap=True
        )
        return 1
    try:
        with lock.hold(settings.home):
            page = dbt_runner.write_docs(settings, datetime.now(UTC).date())
    except lock.HomeLocked as error:
        console.print(str(error), markup=False)
        return lock.EXIT_LOCKED
    except Exception as error:
        console.print(safe_text(error), markup=False)
        return 1
    console.print(f"open {page}", highlight=False, soft_wrap=True)
    return 0
