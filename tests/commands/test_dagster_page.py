"""`onefold dagster` leaves nobody behind: asked to end, it ends what it started and what those started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

GRANDCHILD = "import time, os, sys; open(sys.argv[1], 'w').write(str(os.getpid())); time.sleep(60)"
CHILD = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {GRANDCHILD!r}, sys.argv[1]])"
RUNNER = """
import sys
from pathlib import Path
from cdp_assets.commands import dagster_page
dagster_page.PATIENCE = float(sys.argv[3])
sys.exit(dagster_page.run_until_stopped([sys.executable, "-c", sys.argv[1], sys.argv[2]], Path(".")))
"""
DEAF = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN); " + CHILD


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return not Path(f"/proc/{pid}/stat").exists() or Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"


def wait_for(condition: object, seconds: float = 20) -> None:
    deadline = time.monotonic() + seconds
    while not condition():  # type: ignore[operator]
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.05)


@pytest.mark.parametrize("child", [CHILD, DEAF], ids=["listens", "deaf"])
@pytest.mark.parametrize("asked", [signal.SIGTERM, signal.SIGINT])
def test_children_and_grandchildren_end_with_it(tmp_path: Path, child: str, asked: signal.Signals) -> None:
    note = tmp_path / "pid"
    runner = subprocess.Popen([sys.executable, "-c", RUNNER, child, str(note), "0.5"])
    wait_for(lambda: note.exists() and note.read_text())
    grandchild = int(note.read_text())

    runner.send_signal(asked)

    assert runner.wait(timeout=20) == 128 + asked
    wait_for(lambda: not alive(grandchild))


def test_an_end_of_its_own_gives_its_exit_code(tmp_path: Path) -> None:
    ended = subprocess.run([sys.executable, "-c", RUNNER, "import sys; sys.exit(3)", "", "1"], check=False)
    assert ended.returncode == 3
