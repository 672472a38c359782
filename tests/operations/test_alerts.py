"""Alerts: what a failed run says, to a real web server and a real mail server on this machine."""

from __future__ import annotations

import json
import os
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
from rich.console import Console

from cdp_assets.commands.run import run_nightly
from cdp_assets.keys import DEMO_KEY
from cdp_assets.operations.alerts import (
    FailureNotice,
    WarningNotice,
    alert,
    describe_failure,
    describe_warnings,
    not_started,
)
from cdp_assets.publishing.run_record import RunRecord
from cdp_assets.settings import Settings, SettingsProblem

RUN = "0a1b2c3d-0000-0000-0000-000000000000"


@contextmanager
def serving(server: socketserver.TCPServer) -> Iterator[int]:
    """The port of a server that runs until the block ends."""
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def web_server(status: int = 200) -> Iterator[tuple[int, list[dict[str, Any]]]]:
    """(port, the JSON bodies that were posted)."""
    bodies: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(status)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with serving(HTTPServer(("127.0.0.1", 0), Handler)) as port:
        yield port, bodies


@contextmanager
def mail_server() -> Iterator[tuple[int, list[str]]]:
    """(port, the messages that were delivered): as much of RFC 5321 as a plain delivery needs."""
    messages: list[str] = []

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self.wfile.write(b"220 ready\r\n")
            while line := self.rfile.readline().decode().strip().upper():
                if line == "QUIT":
                    self.wfile.write(b"221 bye\r\n")
                    return
                self.wfile.write(b"354 go on\r\n" if line == "DATA" else b"250 ok\r\n")
                if line == "DATA":
                    messages.append(
                        "".join(iter(lambda: self.rfile.readline().decode().replace("\r\n", "\n"), ".\n"))
                    )
                    self.wfile.write(b"250 ok\r\n")

    with serving(socketserver.TCPServer(("127.0.0.1", 0), Handler)) as port:
        yield port, messages


def notice_of_failed_run(settings: Settings) -> FailureNotice:
    record = RunRecord(settings, RUN)
    record.check("marts/orders:unique_orders", passed=False, detail="3 failing rows")
    record.check("marts/orders:not_null", passed=True)
    record.check("marts/orders:accepted_values", passed=False, blocking=False)
    return describe_failure(settings, RUN, step="dbt_models", reason="1 dbt nodes failed")


def with_alerts(settings: Settings, **alerts: object) -> Settings:
    return settings.model_copy(update=alerts)


def test_the_message_names_run_asset_check_remedy_and_log(settings: Settings) -> None:
    notice = notice_of_failed_run(settings)
    assert notice.subject == "Onefold: run 0a1b2c3d did not publish: dbt_models"
    assert notice.checks == ("marts/orders:unique_orders: 3 failing rows",)
    for part in (
        RUN,
        "dbt_models",
        "1 dbt nodes failed",
        "marts/orders:unique_orders",
        "onefold doctor",
        notice.log_path,
    ):
        assert part in notice.text
    assert "readers still see: nothing" in notice.text


def test_webhook_and_mail_get_it(settings: Settings) -> None:
    with web_server() as (web_port, posted), mail_server() as (mail_port, mailed):
        configured = with_alerts(
            settings,
            alert_webhook=f"http://127.0.0.1:{web_port}/hook",
            alert_mail="on.call@example.com, second@example.com",
            smtp_host="127.0.0.1",
            smtp_port=mail_port,
        )
        sent = alert(configured, notice_of_failed_run(settings))
    assert sent == ["alert sent by webhook", "alert sent by mail"]
    assert posted[0]["run_id"] == RUN
    assert posted[0]["checks"] == ["marts/orders:unique_orders: 3 failing rows"]
    assert "did not publish" in posted[0]["text"]
    assert "Subject: Onefold: run 0a1b2c3d did not publish: dbt_models" in mailed[0]
    assert "To: on.call@example.com, second@example.com" in mailed[0]
    assert "failed asset: dbt_models" in mailed[0]


def test_a_run_is_told_of_once(settings: Settings) -> None:
    with web_server() as (port, posted):
        configured = with_alerts(settings, alert_webhook=f"http://127.0.0.1:{port}/")
        notice = notice_of_failed_run(settings)
        assert alert(configured, notice) == ["alert sent by webhook"]
        assert alert(configured, notice) == []
    assert len(posted) == 1


def test_an_alert_that_reached_nobody_is_tried_again(settings: Settings) -> None:
    notice = notice_of_failed_run(settings)
    deaf = with_alerts(settings, alert_webhook="http://127.0.0.1:9/")
    assert alert(deaf, notice) == alert(deaf, notice) != []
    with web_server() as (port, _):
        mended = with_alerts(settings, alert_webhook=f"http://127.0.0.1:{port}/")
        assert alert(mended, notice) == ["alert sent by webhook"]


def test_nothing_is_sent_where_nothing_is_configured(settings: Settings) -> None:
    assert alert(settings, notice_of_failed_run(settings)) == []


@pytest.mark.parametrize(
    ("alerts", "said"),
    [
        ({"alert_webhook": "http://127.0.0.1:9/secret-token"}, "127.0.0.1 could not be reached"),
        ({"alert_webhook": "file:///etc/passwd"}, "must be an http or https address"),
        (
            {"alert_mail": "a@example.com", "smtp_host": "127.0.0.1", "smtp_port": 9},
            "check ONEFOLD_SMTP_HOST",
        ),
    ],
)
def test_an_alert_that_cannot_be_sent_is_said_and_breaks_nothing(
    settings: Settings, alerts: dict[str, object], said: str
) -> None:
    (line,) = alert(with_alerts(settings, **alerts), notice_of_failed_run(settings))
    assert said in line
    assert "secret-token" not in line


def test_a_webhook_that_refuses_is_named_with_its_answer(settings: Settings) -> None:
    with web_server(status=403) as (port, _):
        (line,) = alert(
            with_alerts(settings, alert_webhook=f"http://127.0.0.1:{port}/"), notice_of_failed_run(settings)
        )
    assert "127.0.0.1 answered 403" in line


def test_a_log_in_is_never_sent_in_clear(settings: Settings) -> None:
    with mail_server() as (port, mailed):
        configured = with_alerts(
            settings,
            alert_mail="a@example.com",
            smtp_host="127.0.0.1",
            smtp_port=port,
            smtp_user="u",
            smtp_password="p",
        )
        (line,) = alert(configured, notice_of_failed_run(settings))
    assert "refused or could not be reached" in line
    assert mailed == []


def test_a_run_that_could_not_start_is_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    out = Console(record=True, width=200)
    with web_server() as (port, posted), mock.patch.dict(os.environ):
        monkeypatch.setenv("ONEFOLD_ALERT_WEBHOOK", f"http://127.0.0.1:{port}/")
        monkeypatch.setenv("ONEFOLD_KEY", DEMO_KEY.decode())
        assert run_nightly(home=tmp_path / "home", inbox=tmp_path, console=out) == 1
    (body,) = posted
    assert "the demo's key is set" in body["reason"]
    assert "alert sent by webhook" in out.export_text()
    assert DEMO_KEY.decode() not in str(body)


@contextmanager
def dripping_server() -> Iterator[int]:
    """The port of a server that answers a byte at a time and never ends."""

    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            while not stop.wait(0.02):
                try:
                    self.wfile.write(b"H")
                except OSError:
                    return

    stop = threading.Event()
    server = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    with serving(server) as port:
        try:
            yield port
        finally:
            stop.set()


def test_a_server_that_drips_bytes_is_left_behind_and_the_mail_goes_out(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cdp_assets.operations.alerts.DEADLINE_SECONDS", 0.5)
    with dripping_server() as web_port, mail_server() as (mail_port, mailed):
        configured = with_alerts(
            settings,
            alert_webhook=f"http://127.0.0.1:{web_port}/",
            alert_mail="a@example.com",
            smtp_host="127.0.0.1",
            smtp_port=mail_port,
        )
        said = alert(configured, notice_of_failed_run(settings))
    assert said[0].startswith("no alert by webhook: ")
    assert said[1] == "alert sent by mail"
    assert len(mailed) == 1


def test_a_redirect_is_refused(settings: Settings) -> None:
    with web_server(status=302) as (port, _):
        (line,) = alert(
            with_alerts(settings, alert_webhook=f"http://127.0.0.1:{port}/"), notice_of_failed_run(settings)
        )
    assert "answered 302" in line
    assert line.startswith("no alert")


def test_a_line_break_in_what_failed_is_no_header_of_the_mail(settings: Settings) -> None:
    notice = describe_failure(settings, RUN, step="a\nBcc: all@example.com", reason="[/x] \r\n")
    with mail_server() as (port, mailed):
        configured = with_alerts(settings, alert_mail="a@example.com", smtp_host="127.0.0.1", smtp_port=port)
        assert alert(configured, notice) == ["alert sent by mail"]
    assert "\nBcc:" not in mailed[0].partition("\n\n")[0]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("alert_webhook", "http://example.com/a\nb"),
        ("alert_webhook", "ftp://example.com/"),
        ("alert_webhook", "http://user:secret@example.com/"),
        ("alert_mail", "a@example.com\nBcc: b@example.com"),
        ("alert_mail", "nobody"),
        ("alert_mail_from", "Onefold <a@example.com>"),
        ("smtp_host", "mail host"),
    ],
)
def test_odd_addresses_are_refused_at_start_up_without_being_shown(field: str, value: str) -> None:
    with pytest.raises(SettingsProblem, match=f"ONEFOLD_{field.upper()}") as refused:
        Settings.load(**{field: value})
    said = str(refused.value)
    assert value not in said
    assert "secret" not in said


def test_what_needs_a_look_is_told_once_beside_a_failure(settings: Settings) -> None:
    with web_server() as (port, posted):
        configured = with_alerts(settings, alert_webhook=f"http://127.0.0.1:{port}/")
        notice = describe_warnings(settings, RUN, ("held back: shop/a.csv",))
        assert alert(configured, notice) == ["alert sent by webhook"]
        assert alert(configured, notice) == []
        assert alert(configured, notice_of_failed_run(settings)) == ["alert sent by webhook"]
    assert "held back: shop/a.csv" in posted[0]["text"]


def test_a_run_that_never_began_is_told_without_a_number(settings: Settings) -> None:
    notice = describe_failure(settings, not_started(), step="the run itself", reason="no")
    assert notice.subject == "Onefold: a run did not start"
    assert notice.text.startswith(f"A run on {settings.home} did not start.\n")


@pytest.mark.parametrize(
    ("lines", "said"), [(("a",), "1 thing needs a look"), (("a", "b"), "2 things need a look")]
)
def test_what_waits_is_counted_in_words(lines: tuple[str, ...], said: str) -> None:
    assert WarningNotice(RUN, "home", lines, "log").subject.endswith(said)
