"""`onefold rule`, `onefold rulings` and `onefold explain`: what a steward decides, and what there is to decide on."""

from __future__ import annotations

import getpass
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path

import duckdb
from rich.console import Console
from rich.table import Table

from cdp_assets import identity
from cdp_assets.commands.outcome import EXIT_DONE, outcome
from cdp_assets.commands.saying import plain_console
from cdp_assets.keys import load_key
from cdp_assets.publishing import lock
from cdp_assets.settings import Settings
from cdp_assets.state import connect_state
from cdp_assets.warehouse import open_warehouse

EFFECT = "it counts from the next `onefold run` on"


def rule(kind: str, left: str, right: str, *, why: str | None, home: Path | None, inbox: Path | None) -> int:
    """Keep a ruling on two records; 0, or 1 where it names an unknown record or contradicts another ruling."""
    settings = Settings.load(home=home, inbox=inbox)
    console = plain_console()

    def keep() -> str:
        key = load_key(settings)
        with _writable_state(settings) as con:
            made = identity.add_ruling(
                con,
                kind,
                identity.record_of(key, left),
                identity.record_of(key, right),
                ruled_on=_today(),
                reason=why,
                ruled_by=getpass.getuser(),
            )
        return f"ruling {made.ruling_id} kept: {EFFECT}"

    return _do(console, keep)


def manage_rulings(
    *, undo: str | None, export: Path | None, load: Path | None, home: Path | None, inbox: Path | None
) -> int:
    """Undo, export, import, or list; 0, or 1 with the reason."""
    settings = Settings.load(home=home, inbox=inbox)
    console = plain_console()

    def change() -> str:
        with _writable_state(settings) as con:
            if undo:
                return f"ruling {identity.undo_ruling(con, undo).ruling_id} is undone: {EFFECT}"
            if load:
                count = identity.import_rulings(con, load, load_key(settings), ruled_on=_today())
                asleep = sum(ruling.status == "dormant" for ruling in identity.list_rulings(con))
                waiting = f"; {asleep:,} of all rulings sleep until their records arrive" if asleep else ""
                return f"{count:,} rulings read from {load}, counting from the next `onefold run` on{waiting}"
            if export:
                return f"{identity.export_rulings(con, export):,} rulings written to {export}"
            console.print(_table(identity.list_rulings(con)))
            return ""

    return _do(console, change)


def show_explanation(
    first: str, second: str | None, *, page: Path | None, home: Path | None, inbox: Path | None
) -> int:
    """Print why two records (or the records of one customer) are one or are not; with `page`, write it as HTML too."""
    settings = Settings.load(home=home, inbox=inbox)
    console = plain_console()

    def explain() -> str:
        key = load_key(settings)
        context = identity.IdentityContext(key=key, as_of_date=_today())
        with open_warehouse(settings) as con:
            if second is None:
                found = identity.explain_customer(con, context, first)
            else:
                left, right = identity.record_of(key, first), identity.record_of(key, second)
                found = [identity.explain_records(con, context, left, right)]
        if page is not None:
            page.write_text(identity.explanations_page(found), encoding="utf-8")
        lines = [line for each in found for line in (*each.in_words(), "")]
        if not found:
            lines.append(f"{first} has one record only: there is nothing to connect")
        return "\n".join([*lines, *([f"written to {page}"] if page else [])])

    return _do(console, explain)


@contextmanager
def _writable_state(settings: Settings) -> Iterator[duckdb.DuckDBPyConnection]:
    """State under the home's lock: a ruling waits for no run and disturbs none."""
    with lock.hold(settings.home), connect_state(settings) as con:
        yield con


def _do(console: Console, action: Callable[[], str]) -> int:
    def told() -> int:
        if said := action():
            console.print(said, markup=False, highlight=False, soft_wrap=True)
        return EXIT_DONE

    return outcome(console, told)


def _table(rulings: list[identity.Ruling]) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("ruling", "kind", "records", "ruled on, by"):
        table.add_column(heading, no_wrap=True)
    table.add_column("why", overflow="fold")
    table.add_column("status", no_wrap=True)
    for each in rulings:
        table.add_row(
            each.ruling_id,
            each.kind.replace("_", "-"),
            f"{each.record_key_l[:12]}\n{each.record_key_r[:12]}",
            f"{each.ruled_on}\n{each.ruled_by or ''}",
            each.reason or "",
            each.status,
        )
    return table


def _today() -> date:
    return datetime.now(UTC).date()
