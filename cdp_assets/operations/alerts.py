"""Tell people that a run failed: what failed, why, what to do and where the log is, by webhook and by mail.

A message carries names, counts and our own words only, never a customer's value. Telling must not fail a run: what goes
wrong here comes back in words.
"""

from __future__ import annotations

import json
import re
import smtplib
import ssl
from contextlib import suppress
from dataclasses import asdict, dataclass
from email.message import EmailMessage
from typing import Any
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from cdp_assets.publishing.generations import current_generation
from cdp_assets.publishing.run_record import RunRecord, read_steps
from cdp_assets.settings import Settings

TIMEOUT_SECONDS = 15
IMPLICIT_TLS_PORT = 465
REMEDY = (
    "Read the log; `onefold status` shows held files, `onefold doctor` looks at the home. "
    "When the cause is corrected, `onefold run`"
)


class AlertProblem(RuntimeError):
    """An alert could not be sent; the message says which and what to set."""


@dataclass(frozen=True)
class FailureNotice:
    """What is known of a run that did not publish. `step` is the asset (or group of assets) that failed first."""

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
        return f"Onefold: run {self.run_id[:8]} did not publish: {self.step}"

    @property
    def text(self) -> str:
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


def alert(settings: Settings, notice: FailureNotice) -> list[str]:
    """Send the notice to the webhook and the addresses that are configured; returns what was done, in words.

    A run is told of once: `onefold run` and Dagster's daemon may both have seen it fail. What reached nobody is tried
    again by whoever comes next (`onefold alert`, the daemon).
    """
    if not (settings.alert_webhook or settings.alert_mail) or _was_told(settings, notice.run_id):
        return []
    said, reached = _send(settings, notice)
    if reached:
        _remember(settings, notice.run_id)
    return said


def _was_told(settings: Settings, run_id: str) -> bool:
    """Whether somebody was reached about this run before; where the home cannot be read, nobody was."""
    try:
        return bool(RunRecord(settings, run_id).facts().get("alerted"))
    except OSError:
        return False


def _remember(settings: Settings, run_id: str) -> None:
    """A home that is not writable is told of each time."""
    with suppress(OSError):
        RunRecord(settings, run_id).set_facts(alerted=True)


def _send(settings: Settings, notice: FailureNotice) -> tuple[list[str], bool]:
    """What became of each configured way, in words, and whether one of them got through."""
    said, reached = [], False
    for is_configured, way, send in (
        (settings.alert_webhook, "webhook", post_to_webhook),
        (settings.alert_mail, "mail", send_mail),
    ):
        if not is_configured:
            continue
        try:
            send(settings, notice)
            said.append(f"alert sent by {way}")
            reached = True
        except AlertProblem as problem:
            said.append(str(problem))
    return said, reached


def post_to_webhook(settings: Settings, notice: FailureNotice) -> None:
    """POST the notice as JSON; its `text` is what Slack, Mattermost and Teams show. Raises AlertProblem."""
    url = settings.alert_webhook or ""
    host = urlsplit(url).hostname
    if urlsplit(url).scheme not in ("http", "https") or not host:
        raise AlertProblem("no alert was sent: ONEFOLD_ALERT_WEBHOOK must be an http or https address")
    body = json.dumps(
        {"text": f"{notice.subject}\n{notice.text}", **asdict(notice)}, ensure_ascii=False
    ).encode()
    request = Request(url, data=body, headers={"Content-Type": "application/json"}, method="POST")  # noqa: S310
    try:
        with urlopen(request, timeout=TIMEOUT_SECONDS):  # noqa: S310
            return
    except OSError as error:
        code = getattr(error, "code", None)
        found = f"answered {code}" if code else f"could not be reached ({type(error).__name__})"
        raise AlertProblem(f"no alert by webhook: {host} {found}; check ONEFOLD_ALERT_WEBHOOK") from None


def send_mail(settings: Settings, notice: FailureNotice) -> None:
    """Mail the notice, over TLS where the server offers it and always where there is a log-in. Raises AlertProblem."""
    message = EmailMessage()
    message["Subject"] = notice.subject
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


def _connect(settings: Settings) -> smtplib.SMTP:
    context = ssl.create_default_context()
    where = (settings.smtp_host, settings.smtp_port)
    if settings.smtp_port == IMPLICIT_TLS_PORT:
        smtp: smtplib.SMTP = smtplib.SMTP_SSL(*where, timeout=TIMEOUT_SECONDS, context=context)
    else:
        smtp = smtplib.SMTP(*where, timeout=TIMEOUT_SECONDS)
        smtp.ehlo()
        if settings.smtp_user or smtp.has_extn("starttls"):
            smtp.starttls(context=context)
    if settings.smtp_user:
        smtp.login(settings.smtp_user, settings.smtp_password or "")
    return smtp
