"""`onefold generations` and `onefold rollback`: what was published when, and the way back."""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.table import Table

from cdp_assets.commands.saying import plain_console, styled
from cdp_assets.errors import safe_text
from cdp_assets.home import prepare_home
from cdp_assets.publishing import lock
from cdp_assets.publishing.listing import GenerationSummary, list_generations
from cdp_assets.publishing.rollback import roll_back
from cdp_assets.settings import Settings

EXIT_DONE, EXIT_FAILED = 0, 1


def show_generations(*, home: Path | None, everything: bool = False, console: Console | None = None) -> int:
    """Print the generations, newest first, with what changed; those whose files are gone only with `everything`."""
    console = console or plain_console()
    try:
        listed = list_generations(Settings.load(home=home))
    except Exception as error:
        console.print(safe_text(error), markup=False, soft_wrap=True)
        return EXIT_FAILED
    shown = [each for each in listed if everything or each.status != "removed"]
    if not shown:
        console.print("nothing is published yet: `onefold run` publishes")
        return EXIT_DONE
    console.print(_table(shown))
    return EXIT_DONE


def run_rollback(*, home: Path | None, console: Console | None = None) -> int:
    """Go back one generation; returns the exit code: 0 done, 1 nothing to go back to, 75 a run works on the home."""
    console = console or plain_console()
    settings = Settings.load(home=home)
    try:
        with lock.hold(settings.home):
            for line in prepare_home(settings):
                console.print(styled("repaired:", "yellow", f" {line}"))
            from cdp_assets.identity import withdraw_later

            withdrawn, current = roll_back(settings, withdrawals=[withdraw_later])
    except lock.HomeLocked as error:
        console.print(styled(error, "yellow"), soft_wrap=True)
        return lock.EXIT_LOCKED
    except Exception as error:
        console.print(safe_text(error), markup=False, soft_wrap=True)
        return EXIT_FAILED
    console.print(
        f"{current} is what readers see again; {withdrawn} is withdrawn and its files stay until the next "
        "generation is published. What landed stays landed: correct the cause, then `onefold run`.",
        highlight=False,
    )
    return EXIT_DONE


def _table(generations: list[GenerationSummary]) -> Table:
    table = Table("generation", "status", "as of", "published (UTC)", box=None, pad_edge=False)
    for heading in ("customers", "rows"):
        table.add_column(heading, justify="right")
    table.add_column("changed tables")
    for each in generations:
        table.add_row(
            each.generation,
            each.status,
            str(each.as_of_date),
            f"{each.created_at:%Y-%m-%d %H:%M}",
            _with_change(each.customer_count, each.customers_added),
            _with_change(each.row_count, each.rows_added),
            _changed(each),
        )
    return table


def _with_change(count: int | None, added: int | None) -> str:
    if count is None:
        return "–"
    return f"{count:,}" if not added else f"{count:,} ({added:+,})"


def _changed(generation: GenerationSummary, at_most: int = 4) -> str:
    if generation.compared_with is None:
        return f"the first of {generation.table_count}"
    changed = generation.changed_tables
    if not changed:
        return f"none of {generation.table_count} beside {generation.compared_with}"
    more = f" and {len(changed) - at_most} more" if len(changed) > at_most else ""
    return ", ".join(changed[:at_most]) + more
