"""`onefold web` leaves nobody behind: asked to end, its workers end, and what makes pages ready and draws charts for them."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from cdp_assets.settings import Settings
from tests.commands.test_dagster_page import alive, wait_for

pytestmark = [
    pytest.mark.integration,
    pytest.mark.skipif(
        not Path("/proc/self/task").exists(), reason="asks /proc for the children of a process"
    ),
]


def descendants(pid: int) -> set[int]:
    """Children of a process, and theirs."""
    found: set[int] = set()
    for task in Path(f"/proc/{pid}/task").glob("*"):
        for child in map(int, (task / "children").read_text().split()):
            found |= {child, *descendants(child)}
    return found


def free_port() -> int:
    with socket.socket() as tried:
        tried.bind(("127.0.0.1", 0))
        return int(tried.getsockname()[1])


def answers(port: int) -> Callable[[], bool]:
    def asked() -> bool:
        with socket.socket() as tried:
            return tried.connect_ex(("127.0.0.1", port)) == 0

    return asked


@pytest.mark.parametrize("asked", [signal.SIGTERM, signal.SIGINT])
def test_workers_and_what_works_for_them_end_with_it(published: Settings, asked: signal.Signals) -> None:
    port = free_port()
    command = "from cdp_assets.cli import main; main()"
    arguments = ["web", "--home", str(published.home), "--port", str(port), "--workers", "2"]
    site = subprocess.Popen(
        [sys.executable, "-c", command, *arguments],
        env={**os.environ, "ONEFOLD_KEY": str(published.key)},
        stdout=subprocess.DEVNULL,
    )
    try:
        wait_for(answers(port), 60)
        wait_for(lambda: len(descendants(site.pid)) >= 3, 60)
        with socket.create_connection(("127.0.0.1", port)):  # a reader who stays
            left = descendants(site.pid)
            site.send_signal(asked)
            site.wait(timeout=30)
        deadline = time.monotonic() + 10
        while (still := {pid for pid in left if alive(pid)}) and time.monotonic() < deadline:
            time.sleep(0.1)
        assert still == set()
    finally:
        site.kill()
