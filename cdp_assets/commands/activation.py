"""`onefold activation …`: run, ack, status, destinations. Prints names, counts and reasons; never a key."""

from __future__ import annotations

import getpass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from cdp_assets import audit
from cdp_assets.activation.account import ListStatus, list_statuses
from cdp_assets.activation.answers import read_answers, take_answers
from cdp_assets.activation.destination import load_destinations
from cdp_assets.activation.files import folder_of
from cdp_assets.activation.night import Report, run_activation
from cdp_assets.commands.saying import plain_console, styled
from cdp_assets.errors import safe_text
from cdp_assets.home import prepare_home
from cdp_assets.publishing import lock
from cdp_assets.settings import Settings

EXIT_DONE, EXIT_FAILED = 0, 1


def run(*, home: Path | None, inbox: Path | None, console: Console | None = None) -> int:
    """Propose what changed; 0, 1 where something could not be brought anywhere, 75 while a run works on the home."""
    console = console or plain_console()
    settings = Settings.load(home=home, inbox=inbox)
    try:
        with lock.hold(settings.home):
            prepare_home(settings)
            report = run_activation(settings)
    except lock.HomeLocked as error:
        console.print(styled(error, "yellow"), soft_wrap=True)
        return lock.EXIT_LOCKED
    except Exception as error:
        return _failed(console, error)
    say_report(console, settings, report)
    return EXIT_FAILED if report.problems else EXIT_DONE


def ack(*, file: Path, home: Path | None, inbox: Path | None, console: Console | None = None) -> int:
    """Take a file of answers; 0, 1 where any could not be taken."""
    console = console or plain_console()
    settings = Settings.load(home=home, inbox=inbox)
    try:
        with lock.hold(settings.home):
            prepare_home(settings)
            taken = take_answers(settings, read_answers(file))
            count = sum(each.is_taken for each in taken)
            audit.append(
                settings, getpass.getuser(), "acknowledge", taken=count, not_taken=len(taken) - count
            )
    except lock.HomeLocked as error:
        console.print(styled(error, "yellow"), soft_wrap=True)
        return lock.EXIT_LOCKED
    except Exception as error:
        return _failed(console, error)
    for each in taken:
        words = f" ({each.words})" if each.words else ""
        _say(console, f"{each.outcome}: {each.about}{words}")
    return EXIT_DONE if all(each.is_taken for each in taken) else EXIT_FAILED


def status(*, home: Path | None, console: Console | None = None) -> int:
    """Print every list with what its keys stand at."""
    console = console or plain_console()
    try:
        listed = list_statuses(Settings.load(home=home))
    except Exception as error:
        return _failed(console, error)
    if not listed:
        _say(console, "nothing was proposed yet: `onefold activation run`, after a run has published")
    for each in listed:
        stands = ", ".join(f"{name} {count:,}" for name, count in sorted(each.keys.items())) or "nobody"
        _say(console, f"{each.destination}/{each.audience}: {stands}")
        _say(
            console,
            "  " + ", ".join(f"{step} {count:,}" for step, count in each.steps if count or step == "member"),
        )
        for note in each.notes:
            _say(console, f"  {note}")
        for words, count in each.refusals:
            _say(console, f"  {words} ({count:,})")
    return EXIT_DONE


def destinations(*, console: Console | None = None) -> int:
    """Print what destinations there are."""
    console = console or plain_console()
    try:
        found = load_destinations(Settings.load())
    except Exception as error:
        return _failed(console, error)
    table = Table(
        "destination", "platform", "kind", "identifiers", "smallest list", "form", box=None, pad_edge=False
    )
    for name, each in sorted(found.known.items()):
        fields = ", ".join(identifier.field for identifier in each.identifiers)
        floor = f"{each.smallest_list:,}" if each.smallest_list else "–"
        table.add_row(
            name,
            each.title,
            each.kind,
            fields,
            floor,
            "proven by vectors" if each.is_verified else "unverified",
        )
    console.print(table)
    for problem in found.problems.values():
        _say(console, str(problem))
    return EXIT_FAILED if found.problems else EXIT_DONE


def say_report(console: Console, settings: Settings, report: Report) -> None:
    """Say what went where, and why others did not."""
    console.print(lists_table(list_statuses(settings)))
    for problem in report.problems:
        console.print(styled("not brought anywhere:", "yellow", f" {problem}"), soft_wrap=True)
    _say(
        console,
        f"proposed {report.file_count:,} files: {report.row_count('add'):,} to add, {report.row_count('remove'):,} to remove, "
        f"in {folder_of(settings)}; whoever uploads them reports back with `onefold activation ack FILE`",
    )


def lists_table(listed: list[ListStatus]) -> Table:
    """One row per list: how many its rules mean, how many are reached, what became of their keys, and what stands against the others."""
    table = Table(
        "destination",
        "audience",
        title="Audiences at destinations",
        title_justify="left",
        box=None,
        pad_edge=False,
    )
    for name in ("meant", "reached", "there", "waiting", "refused"):
        table.add_column(name, justify="right")
    table.add_column("why others are not", overflow="fold")
    for each in listed:
        counts = dict(each.steps)
        meant = counts.get("all", 0) - sum(n for step, n in each.steps if step.startswith(("who", "sql")))
        reasons = [
            f"{step} {count:,}"
            for step, count in each.steps
            if count and step not in ("all", "member") and not step.startswith(("who", "sql"))
        ]
        there, refused = each.keys.get("there", 0), sum(count for _, count in each.refusals)
        waiting = sum(each.keys.values()) - there - refused
        said = [f"{words} ({count:,})" for words, count in each.refusals]
        why = "; ".join([*reasons, *each.notes, *said]) or "–"
        numbers = (meant, counts.get("member", 0), there, waiting, refused)
        table.add_row(each.destination, each.audience, *(f"{number:,}" for number in numbers), why)
    return table


def _failed(console: Console, error: Exception) -> int:
    _say(console, safe_text(error))
    return EXIT_FAILED


def _say(console: Console, line: str) -> None:
    console.print(line, highlight=False, soft_wrap=True)
