"""`onefold dagster`: Dagster's page and daemon on this home, bound to localhost unless told otherwise."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Literal

from cdp_assets import dbt_manifest
from cdp_assets.commands.run import export_settings
from cdp_assets.commands.saying import plain_console
from cdp_assets.home import make_history, prepare_home_unless_busy
from cdp_assets.settings import Settings

LOCAL = {"127.0.0.1", "localhost", "::1"}
# `dagster dev` recommends a tool that is not installed with it.
SUPERSEDED = "ignore:Function `dev_command` is superseded"


STOPS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
PATIENCE = 20  # seconds that Dagster gets to end its daemon, page and code servers

Part = Literal["all", "web", "daemon"]


def serve_dagster(*, home: Path | None, inbox: Path | None, host: str, port: int, part: Part) -> int:
    """Run Dagster on the project's workspace until interrupted; returns its exit code."""
    settings = Settings.load(home=home, inbox=inbox)
    export_settings(settings)
    prepare_home_unless_busy(settings)
    make_history(settings)
    dbt_manifest.prepare(settings)
    if host not in LOCAL and part != "daemon":
        plain_console().print(
            f"note: Dagster asks nobody to sign in; whoever reaches {host}:{port} may start runs: keep it behind a gate of your own",
            soft_wrap=True,
        )
    return run_until_stopped(command(settings, host, port, part), settings.project_dir)


def run_until_stopped(command: list[str], folder: Path) -> int:
    """Run a command to its end; asked to end (SIGTERM) or interrupted, end it and all that it started first.

    Its exit code, or 128 + the signal as a shell would say. Whoever is still there after `PATIENCE` seconds is killed.
    """
    asked: list[int] = []
    before = {each: signal.signal(each, lambda number, _: asked.append(number)) for each in STOPS}
    try:
        child = subprocess.Popen(command, cwd=folder, start_new_session=True)  # noqa: S603 (fixed command)
        while not asked:
            try:
                return child.wait(timeout=0.2)
            except subprocess.TimeoutExpired:
                continue
        _end(child)
        return 128 + asked[0]
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end(child: subprocess.Popen[bytes]) -> None:
    """Ask a child as Ctrl-C does, so that it puts its own house in order; then its whole group goes."""
    child.send_signal(signal.SIGINT)
    with contextlib.suppress(subprocess.TimeoutExpired):
        child.wait(timeout=PATIENCE)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def command(settings: Settings, host: str, port: int, part: Part) -> list[str]:
    """Everything in one (`dagster dev`), or one part for a service of its own."""
    workspace = ["-w", str(settings.project_dir / "workspace.yaml")]
    address = ["-h", host, "-p", str(port)]
    if part == "web":
        return [sys.executable, "-m", "dagster_webserver", *workspace, *address]
    if part == "daemon":
        return [sys.executable, "-m", "dagster._daemon", "run", *workspace]
    return [sys.executable, "-W", SUPERSEDED, "-m", "dagster", "dev", *workspace, *address]
