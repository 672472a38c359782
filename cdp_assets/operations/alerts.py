"""Tell people that a run failed, or that it published and something waits for them, by webhook and by mail.

A message carries names, counts and our own words only, never a customer's value. Telling must neither fail nor hang a run: each
way has one deadline for its whole exchange, and what goes wrong comes back in words.
"""

from __future__ import annotations

import re
import smtplib
import sqlite3
import ssl
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from email.message import EmailMessage
from typing import Any, ClassVar
from urllib.parse import urlsplit
from uuid import uuid4

import duckdb

from cdp_assets.errors import safe_text
from cdp_assets.operations import watched
from cdp_assets.publishing.generations import current_generation
from cdp_assets.publishing.run_record import RunRecord, read_steps
from cdp_assets.settings import Settings

DEADLINE_SECONDS = 15.0  # for one way, from the look-up of its name to the last byte of its answer
IMPLICIT_TLS_PORT = 465
REMEDY = (
    "Read the log; `onefold status` shows held files, `onefold doctor` looks at the home. "
    "When the cause is corrected, `onefold run`"
)


NOT_STARTED = "not-started-"


def not_started() -> str:
    """What stands for the id of a run that was refused before it had one: no step ran, and there is no log."""
    return f"{NOT_STARTED}{uuid4()}"


class AlertProblem(RuntimeError):
    """An alert could not be sent; the message says which and what to set."""


@dataclass(frozen=True)
class WarningNotice:
    """What a run that published found and people must look at, one line each."""

    told_as: ClassVar[str] = "warned"

    run_id: str
    home: str
    lines: tuple[str, ...]
    log_path: str

    @property
    def subject(self) -> str:
        things = "1 thing needs" if len(self.lines) == 1 else f"{len(self.lines)} things need"
        return f"Onefold: run {self.run_id[:8]} published, and {things} a look"

    @property
    def text(self) -> str:
        lines = "".join(f"\n  - {line}" for line in self.lines)
        return (
            f"Run {self.run_id} on {self.home} published.\n\n"
            f"to look at:{lines}\n"
            "what to do: `onefold status` says it for each.\n"
            f"log: {self.log_path}\n"
        )


@dataclass(frozen=True)
class FailureNotice:
    """What is known of a run that did not publish. `step` is the asset (or group of assets) that failed first."""

    told_as: ClassVar[str] = "alerted"

    run_id: str
    home: str
    step: str
    reason: str
    checks: tuple[str, ...]
    remedy: str
    log_path: str
    readers_see: str

    @property
    def subject(self) -> str:
        if self.run_id.startswith(NOT_STARTED):
            return "Onefold: a run did not start"
        return f"Onefold: run {self.run_id[:8]} did not publish: {self.step}"

    @property
    def text(self) -> str:
        if self.run_id.startswith(NOT_STARTED):
            return (
                f"A run on {self.home} did not start.\n\n"
                f"reason: {self.reason}\n"
                f"readers still see: {self.readers_see}\n"
            )
        checks = "".join(f"\n  - {check}" for check in self.checks) or " none"
        return (
            f"Run {self.run_id} on {self.home} did not publish.\n\n"
            f"failed asset: {self.step}\n"
            f"reason: {self.reason}\n"
            f"failed checks:{checks}\n"
            f"what to do: {self.remedy}.\n"
            f"log: {self.log_path}\n"
            f"readers still see: {self.readers_see}\n"
        )


Notice = FailureNotice | WarningNotice


def in_own_words(message: str) -> str:
    """What an error says, without the class name that Dagster puts before it: a person reads this at two in the night."""
    return re.sub(r"^(?:[A-Za-z_]\w*\.)+[A-Z]\w*: ", "", message.strip())


def reason_of(error: Any) -> str:
    """What lies at the bottom of a step's error (Dagster's record of it: message and cause), in our own words."""
    while error and error.cause:
        error = error.cause
    return in_own_words(error.message) if error else "no reason given"


def describe_failure(settings: Settings, run_id: str, *, step: str, reason: str) -> FailureNotice:
    """The notice of a failed run: what the orchestrator said, and the checks that failed by its own record."""
    steps = read_steps(settings.runs_dir / run_id / "steps.jsonl")
    failed = [
        step.name + (f": {step.detail}" if step.detail else "")
        for step in steps
        if step.kind == "check" and step.blocking and not step.passed
    ]
    return FailureNotice(
        run_id=run_id,
        home=str(settings.home),
        step=step,
        reason=reason,
        checks=tuple(failed),
        remedy=REMEDY,
        log_path=str(settings.logs_dir / f"{run_id}.log"),
        readers_see=current_generation(settings) or "nothing",
    )


def describe_warnings(settings: Settings, run_id: str, lines: tuple[str, ...]) -> WarningNotice:
    """The notice of a run that published although something needs a look."""
    return WarningNotice(run_id, str(settings.home), lines, str(settings.logs_dir / f"{run_id}.log"))


def alert(settings: Settings, notice: Notice) -> list[str]:
    """Send the notice to the webhook and the addresses that are configured; returns what was done, in words. Raises nothing.

    A run is told of once: `onefold run` and Dagster's daemon may both have seen it fail. What reached nobody is tried
    again by whoever comes next (`onefold alert`, the daemon).
    """
    is_configured = bool(settings.alert_webhook or settings.alert_mail)
    if is_configured and _was_told(settings, notice):
        return []
    said, reached = _send(settings, notice)
    if reached:
        _remember(settings, notice)
    if isinstance(notice, WarningNotice) and (reached or not is_configured):  # else the next run tells of it
        with suppress(OSError, sqlite3.Error, duckdb.Error):
            watched.were_told(settings)
    return said


def _was_told(settings: Settings, notice: Notice) -> bool:
    """Whether somebody was reached about this before; where the home cannot be read, nobody was."""
    try:
        return bool(RunRecord(settings, notice.run_id).facts().get(notice.told_as))
    except (OSError, ValueError):
        return False


def _remember(settings: Settings, notice: Notice) -> None:
    """A home that is not writable is told of each time."""
    with suppress(OSError, ValueError):
        RunRecord(settings, notice.run_id).set_facts(**{notice.told_as: True})


def _send(settings: Settings, notice: Notice) -> tuple[list[str], bool]:
    """What became of each configured way, in words, and whether one of them got through."""
    said, reached = [], False
    for is_configured, way, send in (
        (settings.alert_webhook, "webhook", post_to_webhook),
        (settings.alert_mail, "mail", send_mail),
    ):
        if not is_configured:
            continue
        problem = _within_deadline(way, lambda send=send: send(settings, notice))  # type: ignore[misc]
        said.append(problem or f"alert sent by {way}")
        reached = reached or problem is None
    return said, reached


def _within_deadline(way: str, send: Callable[[], None]) -> str | None:
    """Run one exchange; what went wrong, in words, or None. A peer that drips bytes is left behind at the deadline."""
    outcome: list[str | None] = []

    def work() -> None:
        try:
            send()
            outcome.append(None)
        except AlertProblem as problem:
            outcome.append(str(problem))
        except Exception as error:
            outcome.append(f"no alert by {way}: {safe_text(error)}; check its settings")

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(DEADLINE_SECONDS)
    if outcome:
        return outcome[0]
    return (
        f"no alert by {way}: the exchange was not over within {DEADLINE_SECONDS:g} seconds; check the server"
    )


def post_to_webhook(settings: Settings, notice: Notice) -> None:
    """POST the notice as JSON; its `text` is what Slack, Mattermost and Teams show. Raises AlertProblem.

    A redirect is refused: it would send the message, and the secret in the address, to another host.
    """
    import httpx  # a night that goes well needs none of it

    url = settings.alert_webhook or ""
    host = urlsplit(url).hostname
    if urlsplit(url).scheme not in ("http", "https") or not host:
        raise AlertProblem("no alert was sent: ONEFOLD_ALERT_WEBHOOK must be an http or https address")
    body = {"text": f"{notice.subject}\n{notice.text}", **asdict(notice)}
    try:
        answer = httpx.post(url, json=body, timeout=DEADLINE_SECONDS, follow_redirects=False)
    except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
        found = f"could not be reached ({type(error).__name__})"
        raise AlertProblem(f"no alert by webhook: {host} {found}; check ONEFOLD_ALERT_WEBHOOK") from None
    if not answer.is_success:
        why = ", a redirect, which is not followed: set the address itself" if answer.is_redirect else ""
        raise AlertProblem(
            f"no alert by webhook: {host} answered {answer.status_code}{why}; check ONEFOLD_ALERT_WEBHOOK"
        )


def send_mail(settings: Settings, notice: Notice) -> None:
    """Mail the notice, over TLS where the server offers it and always where there is a log-in. Raises AlertProblem."""
    message = EmailMessage()
    message["Subject"] = _one_line(notice.subject)
    message["From"] = settings.alert_mail_from
    message["To"] = settings.alert_mail or ""
    message.set_content(notice.text)
    server = f"{settings.smtp_host}:{settings.smtp_port}"
    try:
        with _connect(settings) as smtp:
            smtp.send_message(message)
    except (OSError, smtplib.SMTPException) as error:
        raise AlertProblem(
            f"no alert by mail: {server} refused or could not be reached ({type(error).__name__}); "
            "check ONEFOLD_SMTP_HOST, ONEFOLD_SMTP_PORT and ONEFOLD_ALERT_MAIL"
        ) from None


def _one_line(text: str) -> str:
    """Fit for a mail header: a line break there would begin another header."""
    return "".join(char if char.isprintable() else " " for char in text)[:200]


def _connect(settings: Settings) -> smtplib.SMTP:
    context = ssl.create_default_context()
    where = (settings.smtp_host, settings.smtp_port)
    if settings.smtp_port == IMPLICIT_TLS_PORT:
        smtp: smtplib.SMTP = smtplib.SMTP_SSL(*where, timeout=DEADLINE_SECONDS, context=context)
    else:
        smtp = smtplib.SMTP(*where, timeout=DEADLINE_SECONDS)
        smtp.ehlo()
        if settings.smtp_user or smtp.has_extn("starttls"):
            smtp.starttls(context=context)
    if settings.smtp_user:
        smtp.login(settings.smtp_user, settings.smtp_password or "")
    return smtp
