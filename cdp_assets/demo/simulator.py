"""Writes the simulated retailer: batch by batch, the same bytes for the same seed.

Only the order of the steps belongs here; each step is a module of this package.
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from cdp_assets.demo.asking import write_requests
from cdp_assets.demo.baskets import create_candidates, create_orders, load_real_baskets
from cdp_assets.demo.chance import register_chance
from cdp_assets.demo.channels import (
    ChannelWriter,
    amazon,
    ga4,
    loyalty,
    mailchimp,
    meta_ads,
    purchasing,
    segment,
    shopify,
    square,
    taobao,
    youzan,
)
from cdp_assets.demo.channels import google_ads as google
from cdp_assets.demo.checkouts import create_checkouts
from cdp_assets.demo.consents import create_consents
from cdp_assets.demo.identities import create_identities
from cdp_assets.demo.inbox import Inbox
from cdp_assets.demo.journeys import count_lift, create_chain, create_journeys, create_touches
from cdp_assets.demo.leads import write_leads
from cdp_assets.demo.parameters import Parameters, load_parameters
from cdp_assets.demo.persons import create_households, create_persons
from cdp_assets.demo.pools import create_pools
from cdp_assets.demo.rejects import write_bad_rows
from cdp_assets.demo.truth import Truth
from cdp_assets.keys import DEMO_MARKER

if TYPE_CHECKING:
    Progress = Callable[[int, int], None]

BATCH_PERSONS = 5_000
MOST_PERSONS = 4_000_000  # below that no two persons share a number or an id
BYTES_PER_PERSON, BYTES_OF_BASKETS = (
    6_000,
    68_000,
)  # on disk, all channels; the latter in proportion to the baskets kept
_NEEDED = ("shopify", "ga4")  # others build on their tables
CHANNEL_WRITERS: dict[str, ChannelWriter] = {
    "shopify": shopify,
    "square": square,
    "youzan": youzan,
    "amazon": amazon,
    "taobao": taobao,
    "mailchimp": mailchimp,
    "loyalty": loyalty,
    "ga4": ga4,
    "segment": segment,
}


class SimulationProblem(RuntimeError):
    """What keeps the retailer from being written, and what to do about it."""


@dataclass
class SimulationReport:
    """What was written. `rows` counts data rows per (channel, export), deliveries that repeat a row included."""

    out: Path
    customers: int
    seed: int
    orders: int = 0
    records: int = 0
    files: int = 0
    rows: dict[tuple[str, str], int] = field(default_factory=dict)
    seconds: float = 0.0


def simulate(
    customers: int = 3000,
    seed: int = 7,
    out: Path = Path("data/home"),
    progress: Progress | None = None,
    *,
    thin: int = 1,
    channels: Sequence[str] | None = None,
) -> SimulationReport:
    """Write OUT/inbox (what the channels deliver, with the demo's marker) and OUT/truth (who is who).

    `customers` is the number of persons, of whom about a tenth buy nothing; `progress(done, customers)` is
    called now and then. `thin` n keeps one basket in n beyond that, for many persons with
    few orders; `channels` overrides the list in retailer.yaml. Memory does not grow with `customers`.
    Raises SimulationProblem for arguments that make no retailer, for an inbox that is not the demo's own (which is never
    touched) and where the disk is too small or cannot be written.
    """
    if not 1 <= customers <= MOST_PERSONS:
        raise SimulationProblem(f"customers is {customers}: simulate 1 to {MOST_PERSONS:,} persons")
    if thin < 1:
        raise SimulationProblem(f"thin is {thin}: keep one basket in 1 or more")
    started = time.monotonic()
    out = Path(out).absolute()
    parameters = _with_channels(load_parameters(), channels)
    report = SimulationReport(out=out, customers=customers, seed=seed)
    try:
        _write_retailer(report, parameters, progress, thin)
    except (OSError, duckdb.IOException) as error:
        reason = error.strerror if isinstance(error, OSError) else "the disk is full or cannot be written"
        raise SimulationProblem(
            f"{out} cannot be written ({reason}): choose another --out, or make room; what is there may be deleted"
        ) from error
    report.seconds = time.monotonic() - started
    return report


def _write_retailer(
    report: SimulationReport, parameters: Parameters, progress: Progress | None, thin: int
) -> None:
    out, customers, seed = report.out, report.customers, report.seed
    inbox_dir = _cleared(out)
    _check_room(out, customers, thin)
    with duckdb.connect(":memory:", config=_limits(out)) as con:
        con.execute("set enable_progress_bar = false")
        _prepare(con, customers, seed, parameters)
        inbox = Inbox(con, inbox_dir, parameters)
        writers = [
            writer for name, writer in CHANNEL_WRITERS.items() if name in parameters.retailer["channels"]
        ]
        truth = Truth(con, out / "truth", writers, list(parameters.retailer["channels"]))
        issued: dict[str, int] = {}
        before = 0
        for batch, (first, last, done) in enumerate(_batches(con)):
            _simulate_batch(con, (first, last), customers, parameters, issued, thin)
            for step, writer in enumerate(writers, start=1):
                if progress is not None:
                    progress(before + (done - before) * step // (len(writers) + 1), customers)
                writer.write(con, inbox, parameters)
            google.count_sessions(con)
            truth.add_batch(batch)
            before = done
            if progress is not None:
                progress(done, customers)
        google.create_spend(con, parameters)
        google.write_report(inbox, parameters)
        if "meta_ads" in parameters.retailer["channels"]:
            meta_ads.write_report(inbox, parameters)
        if "purchasing" in parameters.retailer["channels"]:
            purchasing.write_costs(inbox, parameters)
        write_bad_rows(inbox, parameters)
        truth.close()
        write_leads(con, out)
        write_requests(con, out)
    shutil.rmtree(out / ".simulate", ignore_errors=True)
    (inbox_dir / DEMO_MARKER).write_text("simulated by onefold simulate; safe to delete\n", encoding="utf-8")
    report.orders = sum(issued.values())
    report.records = truth.records
    report.files = inbox.files
    report.rows = dict(sorted(inbox.rows.items()))


def _with_channels(parameters: Parameters, channels: Sequence[str] | None) -> Parameters:
    """The parameters with other channels switched on than retailer.yaml says."""
    if channels is None:
        return parameters
    known = {*CHANNEL_WRITERS, "google_ads", "meta_ads", "purchasing"}
    if missing := {*_NEEDED, *channels} - known | {*_NEEDED} - {*channels}:
        raise SimulationProblem(
            f"channels: {sorted(missing)} unknown or left out; needed are {', '.join(_NEEDED)}"
        )
    return replace(parameters, retailer={**parameters.retailer, "channels": list(channels)})


def _limits(out: Path) -> dict[str, str | int]:
    return {"threads": 2, "memory_limit": "500MB", "temp_directory": str(out / ".simulate")}


def _check_room(out: Path, customers: int, thin: int) -> None:
    """Refuse to begin what the disk cannot hold."""
    needed = customers * (BYTES_PER_PERSON + BYTES_OF_BASKETS // thin)
    free = shutil.disk_usage(out).free
    if needed > free:
        raise SimulationProblem(
            f"{customers:,} persons need about {needed / 1e9:.1f} GB in {out}, of which {free / 1e9:.1f} GB are free: "
            "choose fewer --customers, keep fewer baskets (--one-basket-in), or another --out"
        )


def _cleared(out: Path) -> Path:
    """OUT/inbox, emptied of an earlier simulation."""
    inbox_dir = out / "inbox"
    if inbox_dir.exists() and any(inbox_dir.iterdir()) and not (inbox_dir / DEMO_MARKER).exists():
        raise SimulationProblem(
            f"{inbox_dir} holds files that `onefold simulate` did not write (there is no {DEMO_MARKER}): "
            "choose another --out, or empty it yourself"
        )
    for folder in (inbox_dir, out / "truth"):
        shutil.rmtree(folder, ignore_errors=True)
    inbox_dir.mkdir(parents=True, mode=0o700)
    # from the first moment, so that a simulation cut short can be started again
    (inbox_dir / DEMO_MARKER).touch()
    return inbox_dir


def _prepare(con: duckdb.DuckDBPyConnection, customers: int, seed: int, parameters: Parameters) -> None:
    register_chance(con, seed)
    create_pools(con, parameters)
    create_chain(con, parameters)
    create_households(con, customers, parameters)
    load_real_baskets(con)


def _batches(con: duckdb.DuckDBPyConnection) -> list[tuple[int, int, int]]:
    """(first household, last household, persons done by then) of each batch."""
    rows = con.execute(
        f"""
        select min(household_no), max(household_no), max(first_person + size)
        from households
        group by first_person // {BATCH_PERSONS}
        order by 1
        """
    ).fetchall()
    return [(int(first), int(last), int(done)) for first, last, done in rows]


def _simulate_batch(
    con: duckdb.DuckDBPyConnection,
    households: tuple[int, int],
    customers: int,
    parameters: Parameters,
    issued: dict[str, int],
    thin: int,
) -> None:
    """Create every table of one batch: persons, what they want, what they buy, what is known of them."""
    create_persons(con, *households, customers, parameters)
    create_candidates(con, parameters, thin)
    create_journeys(con, parameters)
    create_orders(con, parameters, issued)
    create_touches(con, parameters)
    count_lift(con)
    create_identities(con, parameters)
    create_consents(con, parameters)
    create_checkouts(con, parameters)
