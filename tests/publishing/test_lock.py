"""The lock: one run per home, and none left behind by a dead one."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from unittest import mock

import pytest
from rich.console import Console

from cdp_assets.commands.run import run_nightly
from cdp_assets.publishing import lock

HOLDER = """
import pathlib, sys, time
from cdp_assets.commands.run import run_nightly
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


def test_a_second_onefold_run_leaves_at_once_with_exit_code_75(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdout=subprocess.PIPE, text=True
    ) as first:
        assert first.stdout is not None
        first.stdout.readline()
        out = Console(record=True, width=200)
        with mock.patch.dict(os.environ):  # a run tells its settings to the whole process
            assert run_nightly(home=tmp_path, console=out) == 75
        first.kill()
    assert f"another run (process {first.pid}) works on {tmp_path}: wait for it to end" in out.export_text()
    assert [path.name for path in tmp_path.iterdir()] == ["run.lock"]


def test_the_holder_may_take_it_again(tmp_path: Path) -> None:
    with lock.hold(tmp_path), lock.hold(tmp_path):
        pass
