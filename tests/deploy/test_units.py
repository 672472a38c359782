"""The systemd units: systemd itself finds them well, and what they start exists."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest
import typer.main

from cdp_assets.cli import app
from cdp_assets.settings import PROJECT_DIR, Settings

DEPLOY = PROJECT_DIR / "deploy"
UNITS = sorted((DEPLOY / "systemd").iterdir())
SERVICES = [path for path in UNITS if path.suffix == ".service"]


def test_systemd_finds_the_units_well(tmp_path: Path) -> None:
    """In a copy that names this checkout and a command that exists in place of those of a server."""
    if shutil.which("systemd-analyze") is None:
        pytest.skip("skipped: systemd-analyze is not on this machine")
    for path in UNITS:
        unit = re.sub(r"(?<=ExecStart=)\S+", "/bin/true", path.read_text()).replace(
            "/opt/onefold", str(PROJECT_DIR)
        )
        (tmp_path / path.name).write_text(unit)
    done = subprocess.run(
        ["systemd-analyze", "verify", *map(str, tmp_path.iterdir())],
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_the_commands_of_the_units_exist() -> None:
    commands = set(typer.main.get_command(app).commands)  # type: ignore[attr-defined]
    started = {
        word
        for path in SERVICES
        for word in re.findall(r"ExecStart=/opt/onefold/\.venv/bin/onefold (\S+)", path.read_text())
    }
    assert {"run", "alert", "web"} <= started <= commands


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.stem)
def test_every_service_runs_as_its_own_user_and_writes_to_its_home_only(path: Path) -> None:
    unit = path.read_text()
    for line in (
        "User=onefold",
        "ProtectSystem=strict",
        "ReadWritePaths=/srv/onefold",
        "NoNewPrivileges=yes",
    ):
        assert line in unit.splitlines()


def test_every_setting_in_the_example_exists() -> None:
    names = re.findall(r"^#?ONEFOLD_(\w+)=", (DEPLOY / "onefold.env.example").read_text(), flags=re.MULTILINE)
    assert {name.lower() for name in names} <= set(Settings.model_fields)
