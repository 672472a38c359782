"""`onefold doctor` and `onefold alert`: is the home well, and does word of a failure reach anybody?"""

from __future__ import annotations

from pathlib import Path

from rich.console import Console
from rich.table import Table

from cdp_assets.commands.saying import plain_console, styled
from cdp_assets.errors import safe_text
from cdp_assets.operations.alerts import FailureNotice, alert, describe_failure
from cdp_assets.operations.doctor import examine
from cdp_assets.publishing.recovery import known_generations
from cdp_assets.publishing.run_record import RunRecord, last_written
from cdp_assets.settings import Settings

EXIT_WELL, EXIT_ILL = 0, 1
STYLES = {"well": "green", "note": "yellow", "ill": "red"}


def run_doctor(
    *, home: Path | None, inbox: Path | None, deep: bool = False, console: Console | None = None
) -> int:
    """Print what the doctor finds; 0 if nothing is ill, else 1."""
    console = console or plain_console()
    findings = examine(Settings.load(home=home, inbox=inbox), deep=deep)
    table = Table("", "topic", "found", "what to do", box=None, pad_edge=False)
    for finding in findings:
        table.add_row(
            styled(finding.level, STYLES[finding.level]), finding.topic, finding.found, finding.remedy
        )
    console.print(table, highlight=False)
    return EXIT_ILL if any(finding.level == "ill" for finding in findings) else EXIT_WELL


def run_alert(*, home: Path | None, test: bool, console: Console | None = None) -> int:
    """Tell of the last run if it did not publish and nobody was told, or send a test message; 1 if that failed."""
    console = console or plain_console()
    settings = Settings.load(home=home)
    if not (settings.alert_webhook or settings.alert_mail):
        console.print("nobody to tell: set ONEFOLD_ALERT_WEBHOOK or ONEFOLD_ALERT_MAIL", markup=False)
        return EXIT_ILL
    notice = _test_notice(settings) if test else _last_run(settings)
    if notice is None:
        console.print("the last run published; nothing to tell")
        return EXIT_WELL
    said = alert(settings, notice) or ["the last run did not publish, and was told of before"]
    for line in said:
        console.print(line, highlight=False, markup=False)
    return EXIT_ILL if any(line.startswith("no alert") for line in said) else EXIT_WELL


def _last_run(settings: Settings) -> FailureNotice | None:
    folders = sorted(settings.runs_dir.glob("*"), key=last_written)
    if not folders:
        return None
    record = RunRecord(settings, folders[-1].name)
    try:
        is_published = record.facts().get("generation") in known_generations(settings)
    except Exception as error:
        return describe_failure(settings, record.run_id, step="state.duckdb", reason=safe_text(error))
    reason = "it ended before it published: killed, out of memory, or refused; its log has the last line"
    last = record.steps()[-1:]
    step = f"after {last[0].name}" if last else "the run itself"
    return None if is_published else describe_failure(settings, record.run_id, step=step, reason=reason)


def _test_notice(settings: Settings) -> FailureNotice:
    from uuid import uuid4

    return describe_failure(
        settings, f"test-{uuid4()}", step="a test message", reason="somebody tries the alerts"
    )
