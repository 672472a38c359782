"""What a command says when it cannot begin: which setting or project, and what to do; no traceback, no value."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from cdp_assets.settings import Settings, SettingsProblem


def test_a_setting_that_cannot_be_used_is_named_without_its_value() -> None:
    with pytest.raises(SettingsProblem) as raised:
        Settings.load(threads="s3cret", smtp_port=0)
    what, where, remedy = str(raised.value).splitlines()
    assert where == "  where: ONEFOLD_THREADS, ONEFOLD_SMTP_PORT"
    assert "should be a valid integer" in remedy
    assert "s3cret" not in what + where + remedy


def test_the_command_line_ends_with_1_and_no_traceback(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", "from cdp_assets.cli import main; main()", "generations", "--home", str(tmp_path / "h")],
        env={"ONEFOLD_THREADS": "many", "PATH": ""}, cwd=tmp_path, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 1
    assert "ONEFOLD_THREADS" in done.stdout + done.stderr
    assert "Traceback" not in done.stderr
