"""The lock: one run per home, and none left behind by a dead one."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from cdp_assets.publishing import lock

HOLDER = """
import pathlib, sys, time
from cdp_assets.publishing import lock
with lock.hold(pathlib.Path(sys.argv[1])):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_second_process_is_turned_away_until_the_first_dies(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as first:
        assert first.stdout is not None
        assert first.stdout.readline().strip() == "held"
        with pytest.raises(lock.HomeLocked, match=f"process {first.pid}"), lock.hold(tmp_path):
            pass
        first.kill()
        first.wait()
        with lock.hold(tmp_path):
            pass


def test_the_holder_may_take_it_again(tmp_path: Path) -> None:
    with lock.hold(tmp_path), lock.hold(tmp_path):
        pass
