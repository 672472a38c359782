"""`onefold run`: one run of everything, watched, judged by its own record, and summed up in a few lines."""

from __future__ import annotations

import gc
import os
from collections.abc import Container
from datetime import date
from pathlib import Path
from typing import Any
from uuid import uuid4

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

from cdp_assets import dbt_manifest, warehouse_seal
from cdp_assets.as_of import newest_landed
from cdp_assets.commands.saying import plain_console, styled
from cdp_assets.errors import chain_of, is_safe, safe_text
from cdp_assets.home import make_history, prepare_home
from cdp_assets.landing.contract import load_contracts
from cdp_assets.operations.alerts import alert, describe_failure, describe_warnings, not_started, reason_of
from cdp_assets.operations.arrivals import require_deliveries
from cdp_assets.operations.attention import attention
from cdp_assets.operations.unchanged import remember_inputs, unchanged_generation
from cdp_assets.project.place import other_version
from cdp_assets.publishing import lock
from cdp_assets.publishing.generations import current_generation
from cdp_assets.publishing.run_record import RunRecord, Step, listen
from cdp_assets.settings import Settings
from cdp_assets.spark.readiness import require_spark

EXIT_PUBLISHED, EXIT_NOT_PUBLISHED, EXIT_HELD = 0, 1, 3


def run_nightly(
    *,
    home: Path | None = None,
    inbox: Path | None = None,
    as_of_date: date | None = None,
    strict: bool | None = None,
    accept_identity_change: bool | None = None,
    retrain: bool | None = None,
    start_over: bool | None = None,
    accept_expiry: bool | None = None,
    whole: bool = False,
    console: Console | None = None,
) -> int:
    """Run the nightly job on a home and return the exit code that `onefold run` documents.

    Where nothing changed since the current generation was built, only what every night owes is done, unless `whole`.
    """
    console = console or plain_console()
    settings = Settings.load(
        home=home,
        inbox=inbox,
        as_of_date=as_of_date,
        strict=strict,
        accept_identity_change=accept_identity_change,
        retrain=retrain,
        start_over=start_over,
        accept_expiry=accept_expiry,
    )
    export_settings(settings)
    try:
        with lock.hold(settings.home):
            if whole:
                warehouse_seal.break_open(settings)
            return _run_locked(settings, console, whole=whole)
    except lock.HomeLocked as error:
        console.print(styled(error, "yellow"))
        return lock.EXIT_LOCKED
    except Exception as error:
        return _refuse(settings, error, console)


def export_settings(settings: Settings) -> None:
    """Make the chosen settings those of this process, so that every asset reads the same home."""
    given = {
        "ONEFOLD_PROJECT": settings.project_dir,
        "ONEFOLD_HOME": settings.home,
        "ONEFOLD_INBOX": settings.inbox_dir,
        "ONEFOLD_AS_OF_DATE": settings.as_of_date,
        "ONEFOLD_ACCEPT_IDENTITY_CHANGE": settings.accept_identity_change or None,
        "ONEFOLD_RETRAIN": settings.retrain or None,
        "ONEFOLD_ACCEPT_EXPIRY": settings.accept_expiry or None,
        "DAGSTER_HOME": settings.dagster_dir,
    }
    os.environ.update({name: str(value) for name, value in given.items() if value is not None})
    os.environ["DAGSTER_DISABLE_TELEMETRY"] = "1"


def _run_locked(settings: Settings, console: Console, *, whole: bool) -> int:
    """One run; one that found less unchanged than it looked is followed by a whole one."""
    try:
        if other := other_version(settings.project_dir):
            console.print(styled("note:", "yellow", f" {other}"), highlight=False, soft_wrap=True)
        require_spark(settings)
        repaired = prepare_home(settings)
        with console.status("reading the project …"):
            same = None if whole else unchanged_generation(settings, newest_landed)
            job = _job(settings, "unchanged" if same else "nightly")
            require_deliveries(settings)
    except Exception as error:
        return _refuse(settings, error, console)
    for line in repaired:
        console.print(styled("repaired:", "yellow", f" {line}"))
    run_id = str(uuid4())
    log_path = settings.logs_dir / f"{run_id}.log"
    console.print(f"run {run_id}, log {log_path}", highlight=False, soft_wrap=True)
    before = current_generation(settings)
    try:
        failure = _execute(settings, job, run_id, console)
    except Exception as error:
        failure = _explained(settings, error)
    try:
        if same and failure is None:
            if unchanged_generation(settings, newest_landed) != same:
                return _run_locked(settings, console, whole=True)
            return _report_unchanged(settings, run_id, same, console)
        return _report(settings, run_id, before, failure, console)
    except Exception as error:
        reason = failure or _explained(settings, error)
        console.print(styled("not published", "red", f": {reason}"), highlight=False, soft_wrap=True)
        _tell(settings, run_id, reason, console)
        return EXIT_NOT_PUBLISHED


def _explained(settings: Settings, error: Exception) -> str:
    """What stopped the run outside its steps, in words that hold no SQL, no parameters and no value, and what to do."""
    if is_safe(error):
        return str(error)
    code = next((each.errno for each in chain_of(error) if isinstance(each, OSError) and each.errno), None)
    if code is not None:
        why = f"the system said {os.strerror(code)} ({safe_text(error)})"
    else:
        why = f"what Dagster, SQLite or DuckDB keeps in {settings.home} cannot be written or read ({safe_text(error)})"
    return f"{why}. Look at space and rights there (`onefold doctor`), then `onefold run` again"


def _report_unchanged(settings: Settings, run_id: str, generation: str, console: Console) -> int:
    """Say that readers have all there is; tell what needs a look as after any run."""
    RunRecord(settings, run_id).set_facts(unchanged=generation)
    held = _report_inbox(settings, run_id, console)
    console.print(
        styled(
            "unchanged",
            "green",
            f": {generation} stays; nothing that it is made of was delivered or decided since (`onefold run --whole` builds it anew)",
        ),
        highlight=False,
        soft_wrap=True,
    )
    _tell_of_warnings(settings, run_id, console)
    _report_parked(settings, console)
    return EXIT_HELD if held and settings.strict else EXIT_PUBLISHED


def _report(
    settings: Settings, run_id: str, before: str | None, failure: str | None, console: Console
) -> int:
    """Say what came of the run, tell whoever is configured, and answer with the exit code."""
    record = RunRecord(settings, run_id)
    after = current_generation(settings)
    published = failure is None and after is not None and record.facts().get("generation") == after
    held = _report_inbox(settings, run_id, console)
    if not published:
        console.print(styled("not published", "red", f"; readers still see {before or 'nothing'}"))
        reason = failure or "the run ended without publishing; see its log"
        console.print(reason, highlight=False, soft_wrap=True)
        _tell(settings, run_id, reason, console)
        return EXIT_NOT_PUBLISHED
    console.print(
        styled(
            "published",
            "green",
            f" {after} as of {record.facts()['as_of_date']}: {settings.published_dir / 'current.duckdb'}",
        ),
        highlight=False,
        soft_wrap=True,
    )
    _remember_inputs(settings, record, console)
    _show_requests(settings, console)
    _tell_of_warnings(settings, run_id, console)
    _report_parked(settings, console)
    return EXIT_HELD if held and settings.strict else EXIT_PUBLISHED


def _remember_inputs(settings: Settings, record: RunRecord, console: Console) -> None:
    """What cannot be kept costs the next night a whole run, and is no reason to call this one unpublished."""
    try:
        remember_inputs(settings, record)
    except Exception as error:
        console.print(
            styled("note:", "yellow", f" the next run builds everything anew ({safe_text(error)})"),
            soft_wrap=True,
        )


def _show_requests(settings: Settings, console: Console) -> None:
    """What the run ended (a correction that lapsed) is on the privacy officer's page; that it cannot be written stops nobody."""
    if not (settings.home / "rights").is_dir():
        return
    try:
        from cdp_assets.rights import outside, showing  # what it needs is large, and few homes have requests

        outside.enter(settings)
        showing.show(settings)
    except Exception as error:
        console.print(
            styled("note:", "yellow", f" the page of requests is not renewed ({safe_text(error)})"),
            soft_wrap=True,
        )


def _job(settings: Settings, name: str) -> Any:
    """A job, from the project as it is now. Raises a Problem for what is broken in its lists, models or contracts."""
    load_contracts(*settings.contract_dirs)
    dbt_manifest.prepare(settings)
    from cdp_assets.definitions import defs

    return defs.resolve_job_def(name)


def _refuse(settings: Settings, error: Exception, console: Console) -> int:
    """Nothing ran: say why, tell whoever is to be told, and leave readers what they have."""
    reason = _explained(settings, error)
    console.print(
        styled("not published", "red", f"; readers still see {current_generation(settings) or 'nothing'}")
    )
    console.print(reason, highlight=False, soft_wrap=True)
    _tell(settings, not_started(), reason, console)
    return EXIT_NOT_PUBLISHED


def _execute(settings: Settings, job: Any, run_id: str, console: Console) -> str | None:
    """Execute a job in this process; returns None if all went well, else what failed."""
    import dagster as dg

    make_history(settings)
    instance = dg.DagsterInstance.from_config(str(settings.dagster_dir))
    gc.collect()
    gc.freeze()  # dbt's and Dagster's graphs stay to the end: not to be searched for garbage again and again
    expected = {"/".join(key.path) for key in job.asset_layer.executable_asset_keys}
    with _progress(console) as progress, instance:
        task = progress.add_task("landing", total=len(expected))
        stop_listening = listen(lambda step: _show_step(progress, task, step, expected))
        try:
            result = job.execute_in_process(instance=instance, run_id=run_id, raise_on_error=False)
        finally:
            stop_listening()
    return None if result.success else _first_failure(result)


def _tell_of_warnings(settings: Settings, run_id: str, console: Console) -> None:
    """Name what needs a look although the run published; that this cannot be read is no reason to call it unpublished."""
    try:
        lines = attention(settings, run_id)
        said = alert(settings, describe_warnings(settings, run_id, lines)) if lines else []
    except Exception as error:
        lines, said = (), [f"what needs a look cannot be read ({safe_text(error)}); see `onefold status`"]
    for line in [*lines, *said]:
        console.print(line, highlight=False, soft_wrap=True)


def _tell(settings: Settings, run_id: str, reason: str, console: Console) -> None:
    """Alert whoever is configured; a reason of a step begins with the step's name. Raises nothing."""
    step, _, rest = reason.partition(" failed: ")
    try:
        notice = describe_failure(
            settings, run_id, step=step if rest else "the run itself", reason=rest or reason
        )
        said = alert(settings, notice)
    except Exception as error:
        said = [f"no alert was sent ({safe_text(error)})"]
    for line in said:
        console.print(line, highlight=False)


def _progress(console: Console) -> Progress:
    return Progress(
        SpinnerColumn(),
        TextColumn("{task.description:<44.44}"),
        BarColumn(bar_width=28),
        TextColumn("{task.completed}/{task.total}"),
        TimeElapsedColumn(),
        console=console,
        transient=True,
    )


def _show_step(progress: Progress, task: Any, step: Step, expected: Container[str]) -> None:
    """Only assets that are expected count: a step of identity tells of itself, too, and a bar that is full stops its clock."""
    if step.kind == "check":
        return
    is_counted = step.kind == "asset" and step.name in expected
    progress.update(task, description=step.name, advance=1 if is_counted else 0)


def _first_failure(result: Any) -> str:
    """What the first failed step said; steps raise texts of our own only."""
    for event in result.all_events:
        if event.is_step_failure:
            return f"{event.step_key} failed: {reason_of(event.step_failure_data.error)}"
    return "the run failed before its first step; see its log"


def _report_inbox(settings: Settings, run_id: str, console: Console) -> bool:
    """Name what was held, unmatched or quarantined; True if a file waits."""
    from cdp_assets.commands.status import print_waiting

    return print_waiting(settings, console)


def _report_parked(settings: Settings, console: Console) -> None:
    """Name what was published without revenue, and what it waits for."""
    from cdp_assets.commands.status import print_parked

    print_parked(settings, console)
