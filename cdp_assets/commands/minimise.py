"""`onefold minimise`: what is collected, what reads it, and how to stop collecting what nothing does."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from rich.console import Console
from rich.table import Table

from cdp_assets.commands.outcome import EXIT_DONE, outcome
from cdp_assets.commands.saying import plain_console
from cdp_assets.publishing import lock
from cdp_assets.rights import minimum
from cdp_assets.rights.minimum import Collected
from cdp_assets.settings import Settings


def run_minimise(
    *,
    channel: str | None,
    shows_all: bool,
    leaves_published: bool,
    out_file: Path | None,
    home: Path | None,
) -> int:
    """Survey, enter it in state, print it; 0, or 1 with the reason."""
    settings, out = Settings.load(home=home), plain_console()

    def look() -> int:
        with lock.hold(settings.home):
            found = minimum.survey(settings)
            minimum.remember(settings, found)
        chosen = [each for each in found if channel in (None, each.channel)]
        left, published = minimum.unused(chosen), minimum.published_only(chosen)
        _tell(out, chosen, left, published, shows_all=shows_all)
        if leaves_published:
            left += published
        if out_file and channel:
            minimum.write_proposal(settings, channel, left, out_file)
            out.print(
                f"the contract without them: {out_file}; copy it over {settings.channels_dir / f'{channel}.yaml'}",
                highlight=False,
                soft_wrap=True,
            )
        return EXIT_DONE

    return outcome(out, look)


def _tell(
    out: Console,
    found: list[Collected],
    left: list[Collected],
    published: list[Collected],
    *,
    shows_all: bool,
) -> None:
    table = Table(
        "channel",
        "export",
        "column",
        "class",
        "read by",
        "marts",
        "pages",
        "audiences",
        "last opened or asked",
        box=None,
        pad_edge=False,
    )
    for each in found if shows_all else [*left, *published]:
        table.add_row(
            each.channel, each.export, each.column, each.classification, *(
                ", ".join(sorted(names)[:2]) + (f" and {len(names) - 2} more" if len(names) > 2 else "")
                for names in (each.used_by, each.marts, each.pages, each.audiences)
            ),
            f"{each.last_read or ''}",
        )  # fmt: skip
    out.print(table)
    classes = ", ".join(
        f"{count} {name}" for name, count in sorted(Counter(each.classification for each in left).items())
    )
    out.print(
        f"{sum(each.is_collected for each in found)} columns are collected, {len(left)} of them are read by nothing ({classes or 'none'})",
        highlight=False,
        soft_wrap=True,
    )
    if published:
        out.print(
            f"{len(published)} more stand in marts, and no page, audience, share, query or model is known that reads them there: "
            "ask who opens the published file; --published leaves them out, too",
            highlight=False,
            soft_wrap=True,
        )
    if left or published:
        out.print(
            f"to stop collecting one, add below it in its contract:\n        customProperties:\n          {minimum.LINE}",
            highlight=False,
            markup=False,
        )
