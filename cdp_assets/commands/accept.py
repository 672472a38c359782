"""`onefold accept`: let a delivery in that was held for what it would take away."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console

from cdp_assets.commands.saying import plain_console
from cdp_assets.errors import safe_text
from cdp_assets.landing.delivery_checks import accept
from cdp_assets.settings import Settings

EXIT_DONE, EXIT_FAILED = 0, 1


def run_accept(*, home: Path | None, name: str, reason: str, console: Console | None = None) -> int:
    """Record that the delivery is accepted, and why; 0, or 1 where nothing is held under that name."""
    console = console or plain_console()
    try:
        if not reason.strip():
            raise ValueError("say why with --reason: it is recorded")
        file = accept(Settings.load(home=home), name, reason.strip())
    except Exception as error:
        console.print(
            str(error) if type(error) is ValueError else safe_text(error), markup=False, soft_wrap=True
        )
        return EXIT_FAILED
    console.print(
        f"accepted {file.channel}/{file.file_name} ({file.detail}): the next `onefold run` lands it",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )
    return EXIT_DONE
