"""`onefold report`: the weekly report as one HTML file."""

from __future__ import annotations

from pathlib import Path

from cdp_assets.commands.saying import plain_console
from cdp_assets.settings import Settings
from cdp_assets.web.report import report, write
from cdp_assets.web.texts import languages


def write_report(*, home: Path | None, out: Path, language: str) -> int:
    """Write the file; 0, or 1 where nothing is published or the language is none."""
    console = plain_console()
    if language not in languages():
        console.print(f"there is no language {language}: there are {', '.join(languages())}", markup=False)
        return 1
    text = report(Settings.load(home=home), language)
    if text is None:
        console.print("nothing is published yet: `onefold run` publishes", markup=False)
        return 1
    write(out, text)
    console.print(f"{out}", markup=False, highlight=False)
    return 0
