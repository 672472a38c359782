"""`onefold simulate` and `onefold demo`: the simulated retailer, and the summary of what Onefold made of it."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
from pathlib import Path

import duckdb
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from cdp_assets import demo, insight
from cdp_assets.activation.account import list_statuses
from cdp_assets.activation.answers import read_answers, take_answers
from cdp_assets.activation.night import run_activation
from cdp_assets.commands.activation import lists_table
from cdp_assets.commands.identity import evaluate_home, lift_table, scores_table
from cdp_assets.commands.run import EXIT_NOT_PUBLISHED, EXIT_PUBLISHED, run_nightly
from cdp_assets.commands.saying import plain_console
from cdp_assets.demo import platforms
from cdp_assets.landing import landing_status, load_contracts
from cdp_assets.project import place
from cdp_assets.publishing import lock
from cdp_assets.settings import Settings
from cdp_assets.spark.readiness import require_spark
from cdp_assets.spark.session import SparkProblem
from cdp_assets.sql_text import literal

ZONE_VARIABLE = "ONEFOLD_BUSINESS_TIME_ZONE"


def run_simulate(*, customers: int, seed: int, out: Path, one_basket_in: int = 1) -> int:
    """Write a simulated retailer to OUT/inbox and OUT/truth; 0, or 1 where that cannot be."""
    console = plain_console()
    try:
        report = _simulate(customers, seed, out, console, one_basket_in)
    except demo.SimulationProblem as error:
        console.print(str(error), markup=False, highlight=False, soft_wrap=True)
        return 1
    console.print(
        f"{report.customers:,} persons, {report.orders:,} orders and {report.records:,} customer records in "
        f"{report.files} files: {report.out / 'inbox'}; the true answer is in {report.out / 'truth'}",
        highlight=False,
        soft_wrap=True,
    )
    console.print(
        f"next: {ZONE_VARIABLE}={demo.TIME_ZONE} onefold run --home {report.out / 'home'} --inbox {report.out / 'inbox'}",
        highlight=False,
        soft_wrap=True,
    )
    return 0


def run_demo(*, customers: int, seed: int, out: Path) -> int:
    """Simulate (unless the very same retailer is there already), run, and print the summary."""
    console = plain_console()
    out = out.absolute()
    try:
        require_spark(Settings.load(home=out / "home", inbox=out / "inbox"))
    except SparkProblem as error:
        console.print(str(error), markup=False, highlight=False, soft_wrap=True)
        return EXIT_NOT_PUBLISHED
    wanted = _fingerprint(customers, seed)
    note = out / "simulated.json"
    if note.exists() and json.loads(note.read_text()) == wanted:
        console.print(f"the simulated retailer is in {out} already", highlight=False, soft_wrap=True)
    else:
        try:
            with lock.hold(out / "home"):  # of another retailer; a demo's home can always be made again
                shutil.rmtree(out / "home", ignore_errors=True)
            _simulate(customers, seed, out, console)
        except lock.HomeLocked as error:
            console.print(str(error), markup=False, highlight=False, soft_wrap=True)
            return lock.EXIT_LOCKED
        except demo.SimulationProblem as error:
            console.print(str(error), markup=False, highlight=False, soft_wrap=True)
            return EXIT_NOT_PUBLISHED
        note.write_text(json.dumps(wanted))
    os.environ.setdefault(ZONE_VARIABLE, demo.TIME_ZONE)  # the settings of a run are those of its process
    if not Settings.load(home=out / "home", inbox=out / "inbox").state_path.exists():
        platforms.forget(out)
    code = run_nightly(home=out / "home", inbox=out / "inbox", console=console)
    if code != EXIT_PUBLISHED:
        return code
    settings = Settings.load(home=out / "home", inbox=out / "inbox")
    try:
        play_platforms(settings, out)
        print_summary(settings, out / "truth", console)
    except lock.HomeLocked as error:
        console.print(str(error), markup=False, highlight=False, soft_wrap=True)
        return lock.EXIT_LOCKED
    except duckdb.Error as error:
        console.print(f"published, but the summary cannot be read ({type(error).__name__})")
        return EXIT_NOT_PUBLISHED
    return EXIT_PUBLISHED


def play_platforms(settings: Settings, out: Path) -> None:
    """What became of the proposals: the platforms' double carries them out and answers, and the next night takes what came late and proposes again what was refused."""
    with lock.hold(settings.home):
        _take(settings, platforms.play_night(settings.home, out))
        _take(settings, platforms.late_answers(out))
        run_activation(settings)
        _take(settings, platforms.play_night(settings.home, out))


def _take(settings: Settings, answers: Path | None) -> None:
    if answers is not None:
        take_answers(settings, read_answers(answers))


def _simulate(
    customers: int, seed: int, out: Path, console: Console, one_basket_in: int = 1
) -> demo.SimulationReport:
    columns = (TextColumn("simulating {task.total:,} persons"), BarColumn(bar_width=28), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("simulating", total=customers)
        return demo.simulate(
            customers,
            seed,
            out,
            progress=lambda done, total: progress.update(task, completed=done, total=total),
            thin=one_basket_in,
        )


def _fingerprint(customers: int, seed: int) -> dict[str, object]:
    """What decides the simulator's bytes: its parameters and its own files."""
    digest = hashlib.sha256()
    folder = Path(demo.__file__).parent
    for path in sorted(folder.rglob("*")):
        if path.suffix in {".py", ".yaml", ".txt"}:
            digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return {"customers": customers, "seed": seed, "simulator": digest.hexdigest()}


def print_summary(settings: Settings, truth: Path, console: Console) -> None:
    """What came out, in a screen: files and rows, identities, revenue, segments, credit, and what to try next."""
    con = duckdb.connect(config={"threads": settings.threads})
    try:
        path = literal((settings.published_dir / "current.duckdb").resolve())
        con.execute(f"attach {path} as published (read_only)")
        con.execute("use published")
        console.rule("what came out", style="dim")
        for table in (
            _landed(settings),
            _identities(con, settings, truth),
            _revenue(con, settings.reporting_currency),
            _segments(con),
            _credit(con),
            _reach(con),
        ):
            console.print(table)
            console.print()
        console.print(lift_table(insight.compare_with_lift(con, truth)))
        console.print()
    finally:
        con.close()
    _print_lists(settings, truth.parent, console)
    _print_next(settings, truth, console)


def _table(title: str, *texts: str, numbers: tuple[str, ...] = ()) -> Table:
    table = Table(*texts, title=title, title_justify="left", title_style="bold", box=None, pad_edge=False)
    for heading in numbers:
        table.add_column(heading, justify="right")
    return table


def _landed(settings: Settings) -> Table:
    table = _table("Landed", "channel", "export", numbers=("files", "rows", "quarantined"))
    for export in landing_status(settings, load_contracts(*settings.contract_dirs)).exports:
        if export.files_landed:
            counts = (export.files_landed, export.landed_rows, export.quarantined_rows)
            table.add_row(export.channel, export.export, *(f"{count:,}" for count in counts))
    return table


def _identities(con: duckdb.DuckDBPyConnection, settings: Settings, truth: Path) -> Table:
    found = evaluate_home(settings, truth)
    row = con.execute(
        "select (select count(*) from marts.customer_crosswalk), (select count(*) from marts.customers)"
    ).fetchone()
    assert row is not None
    return scores_table(
        found,
        f"{row[0]:,} customer records in, {row[1]:,} customers out ({found.persons:,} persons in truth); "
        "pairs of records against the truth",
    )


def _revenue(con: duckdb.DuckDBPyConnection, currency: str) -> Table:
    table = _table(
        f"Revenue, in {currency}", "channel", numbers=("orders", "anonymous", "gross", "refunded", "net")
    )
    for channel, orders, anonymous, gross, refunded, net in con.execute(
        """
        select channel, count(*), count(*) filter (where is_anonymous),
            sum(gross_revenue), sum(refunded_revenue), sum(net_revenue)
        from marts.orders group by channel order by channel
        """
    ).fetchall():
        money = (f"{amount or 0:,.2f}" for amount in (gross, refunded, net))
        table.add_row(channel, f"{orders:,}", f"{anonymous:,}", *money)
    return table


def _segments(con: duckdb.DuckDBPyConnection) -> Table:
    table = _table(
        "RFM segments", "segment", numbers=("customers", "share", "net revenue", "share of revenue")
    )
    for segment, customers, share, revenue, revenue_share in con.execute(
        """
        select segment, customer_count, customer_share, net_revenue, net_revenue_share
        from marts.rfm_segments order by net_revenue desc
        """
    ).fetchall():
        table.add_row(
            segment, f"{customers:,}", f"{share:.1%}", f"{revenue:,.2f}", f"{revenue_share or 0:.1%}"
        )
    return table


def _credit(con: duckdb.DuckDBPyConnection) -> Table:
    rows = con.execute(
        """
        select attribution_model, marketing_channel, conversions from marts.attribution_summary
        where dimension = 'marketing_channel' and period = 'all' and customer_type = 'all'
        """
    ).fetchall()
    credit = {(model, channel): conversions for model, channel, conversions in rows}
    models = sorted({model for model, _ in credit})
    channels = sorted(
        {channel for _, channel in credit} - {"unattributed"},
        key=lambda c: -(credit.get((models[0], c)) or 0),
    )
    untouched = max((credit.get((model, "unattributed")) or 0 for model in models), default=0)
    table = _table(
        f"Conversions credited, by attribution model ({untouched:,.0f} have no touch and stay unattributed)",
        "model",
        numbers=tuple(channel.replace("_", "\n") for channel in channels),
    )
    for model in models:
        cells = (credit.get((model, channel)) for channel in channels)
        table.add_row(model, *("–" if cell is None else f"{cell:,.0f}" for cell in cells))
    return table


def _reach(con: duckdb.DuckDBPyConnection) -> Table:
    """Per purpose how many customers may be reached, and what stands against the others."""
    rows = con.execute(
        "select purpose, reason, count(*) from marts.customer_permissions group by purpose, reason"
    ).fetchall()
    counts: dict[str, dict[str, int]] = {}
    for purpose, reason, count in rows:
        counts.setdefault(purpose, {})[reason] = count
    table = _table("Whom the retailer may reach, by purpose", "purpose", numbers=("customers",))
    table.add_column("what stands against the others")
    for purpose, found in sorted(counts.items(), key=lambda each: -each[1].get("may be reached", 0)):
        reached = found.pop("may be reached", 0)
        others = sorted(found.items(), key=lambda each: -each[1])
        table.add_row(purpose, f"{reached:,}", ", ".join(f"{reason} {count:,}" for reason, count in others))
    return table


def _print_lists(settings: Settings, out: Path, console: Console) -> None:
    """How many of which audience went where, what the platforms made of it, and why others did not."""
    listed = list_statuses(settings)
    console.print(lists_table(listed))
    audiences, destinations = {each.audience for each in listed}, {each.destination for each in listed}
    played = platforms.Platforms.load(out)
    unknown = sum(
        len(played.lists.get(f"{each.destination}/{each.audience}", [])) - each.keys.get("there", 0)
        for each in listed
    )
    fates = ", ".join(f"{fate.replace('_', ' ')} {count}" for fate, count in played.fates_told().items())
    for line in (
        f"{len(audiences)} audiences at {len(destinations)} destinations, as files in {settings.home / 'activation'}; "
        "keys are e-mails, phones and WeChat ids of those reached",
        f"the platforms are played by a double that answers as traps.yaml says, two nights long (files by their fate: {fates}); its answers are in {out / platforms.ANSWERS}",
        f"they hold {sum(map(len, played.lists.values())):,} keys, {unknown:,} of which wait for an answer that was lost or is late; refusals are listed with their reasons",
    ):
        console.print(line, highlight=False, soft_wrap=True)


def _print_next(settings: Settings, truth: Path, console: Console) -> None:
    current = settings.published_dir / "current.duckdb"
    onefold = f"{Path(sys.prefix).name}/bin/onefold" if place.is_clone() else "onefold"
    steps = {
        "web": "the site",
        "audience preview at_risk_by_value": "who is meant, and who may be reached",
        "dagster": "the graph, runs and checks",
        f"evaluate --truth {truth}": "how right the ids are, trap by trap",
        "status": "what landed and what waits",
    }
    lines = (
        f"published: {current}",
        "try next:",
        f"  export ONEFOLD_HOME={settings.home} ONEFOLD_INBOX={settings.inbox_dir} "
        f"{ZONE_VARIABLE}={settings.business_time_zone}"
        + (f" ONEFOLD_ENGINE={settings.engine}" if settings.engine != "duckdb" else ""),
        *(f"  {onefold} {step:<24}   {about}" for step, about in steps.items()),
    )
    for line in lines:
        console.print(line, highlight=False, soft_wrap=True)
