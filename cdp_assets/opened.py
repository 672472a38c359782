"""On which day each page of the site was opened last: an empty file a page, dated by its time. Whoever opened it is told nowhere here."""

from __future__ import annotations

from datetime import UTC, date, datetime

from cdp_assets.settings import Settings

FOLDER = "opened"  # below HOME/web


def note(settings: Settings, page: str) -> None:
    """A page is opened. Where nothing can be written, the page is shown all the same."""
    path = settings.home / "web" / FOLDER / page
    try:
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        path.touch(mode=0o600)
    except OSError:
        return


def days(settings: Settings) -> dict[str, date]:
    """Page → the day on which it was opened last."""
    folder = settings.home / "web" / FOLDER
    if not folder.is_dir():
        return {}
    return {path.name: datetime.fromtimestamp(path.stat().st_mtime, UTC).date() for path in folder.iterdir()}
