"""`onefold status`: what landed, what waits and what to do about it, and which generation readers see."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.table import Table

from cdp_assets.commands.saying import plain_console, styled
from cdp_assets.errors import safe_text
from cdp_assets.landing import LandingStatus, landing_status, load_contracts
from cdp_assets.landing.downstream import wiring_problems
from cdp_assets.operations.attention import interim_erasures, misplaced_data, overdue_requests
from cdp_assets.publishing.generations import current_generation
from cdp_assets.publishing.parked import parked_sentences
from cdp_assets.settings import Settings
from cdp_assets.wording import counted


def show_status(*, home: Path | None, inbox: Path | None) -> int:
    """Print the status of a home; 0, or 1 where there is nothing to report on."""
    console = plain_console()
    settings = Settings.load(home=home, inbox=inbox)
    try:
        status = landing_status(settings, load_contracts(*settings.contract_dirs), datetime.now(UTC).date())
    except Exception as error:
        console.print(safe_text(error), markup=False)
        return 1
    console.print(_exports_table(status))
    print_waiting(settings, console, status)
    print_parked(settings, console)
    for line in overdue_requests(settings, settings.business_day()):
        console.print(styled("overdue", "red", line.removeprefix("overdue")), highlight=False, soft_wrap=True)
    for line in interim_erasures(settings):
        console.print(
            styled("interim", "yellow", line.removeprefix("interim")), highlight=False, soft_wrap=True
        )
    for line in misplaced_data(settings):
        console.print(
            styled("elsewhere", "red", line.removeprefix("elsewhere")), highlight=False, soft_wrap=True
        )
    generation = current_generation(settings)
    where = (
        f"{generation}: {settings.published_dir / 'current.duckdb'}"
        if generation
        else "nothing yet: `onefold run` publishes"
    )
    console.print(f"readers see {where}", highlight=False, soft_wrap=True)
    return 0


def _exports_table(status: LandingStatus) -> Table:
    table = Table("channel", "export", title="Landed", title_justify="left", box=None, pad_edge=False)
    for heading in ("files", "rows", "quarantined", "duplicates", "erased"):
        table.add_column(heading, justify="right")
    for heading in ("last file", "fresh"):
        table.add_column(heading)
    for export in status.exports:
        if export.files_landed == 0:
            continue
        fresh = {True: "yes", False: f"no: {export.age_days:.0f} days old", None: "–"}[export.is_fresh]
        counts = (export.landed_rows, export.quarantined_rows, export.duplicate_rows, export.erased_rows)
        table.add_row(
            export.channel,
            export.export,
            f"{export.files_landed:,}",
            *(f"{count:,}" for count in counts),
            export.last_file or "",
            fresh,
        )
    return table


def print_waiting(settings: Settings, console: Console, status: LandingStatus | None = None) -> bool:
    """Name every file that waits and every export with rows in quarantine, with what to do; True if a file waits."""
    status = status or landing_status(settings, load_contracts(*settings.contract_dirs))
    _print_quarantined(settings, console, status)
    _print_unwired(settings, console, status)
    for held in status.held:
        name = f"{held.channel}/{held.file_name}" if held.channel else held.file_name
        console.print(
            styled("waits", "yellow", f" {name} ({held.reason_code}): {held.detail}; {held.remedy}"),
            highlight=False,
            soft_wrap=True,
        )
    return bool(status.held)


def _print_quarantined(settings: Settings, console: Console, status: LandingStatus) -> None:
    """Exports with rows in quarantine, and why they are there."""
    for export in status.exports:
        if export.quarantined_rows:
            console.print(
                styled(
                    "quarantined",
                    "yellow",
                    f" {export.channel}/{export.export}: {counted(export.quarantined_rows, 'rows')} under "
                    f"{settings.quarantine_dir / export.channel / export.export} with reason and line; "
                    f"mend the contract or the source, then `onefold replay {export.channel}`",
                ),
                highlight=False,
                soft_wrap=True,
            )
        for why in status.quarantined:
            if (why.channel, why.export) == (export.channel, export.export):
                column = f" in column {why.column_name}" if why.column_name else ""
                line = f"  {why.rows:,} × {why.reason_code}{column}, first in {why.first}"
                console.print(line, highlight=False, markup=False, soft_wrap=True)


def _print_unwired(settings: Settings, console: Console, status: LandingStatus) -> None:
    """What keeps landed rows from the tables."""
    landed = {export.channel for export in status.exports if export.files_landed}
    for contract in load_contracts(*settings.contract_dirs).values():
        for problem in wiring_problems(settings.dbt_project_dir, contract) if contract.name in landed else []:
            console.print(
                styled("not wired", "yellow", f" {contract.name}: {problem}"), highlight=False, soft_wrap=True
            )


def print_parked(settings: Settings, console: Console) -> None:
    """Name what readers see without revenue, and what it waits for."""
    for sentence in parked_sentences(settings):
        console.print(styled("parked", "yellow", f" {sentence}"), highlight=False, soft_wrap=True)
