"""What a person is told to type works where she stands: in a clone, and in a project of an installed package."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from cdp_assets.commands.demo import _print_next
from cdp_assets.project import place
from cdp_assets.settings import Settings


def next_steps() -> str:
    shown = io.StringIO()
    settings = Settings(home=Path("/there/home"), key="test-key-of-at-least-thirty-two-bytes")
    _print_next(settings, Path("/there/truth"), Console(file=shown, width=200))
    return shown.getvalue()


def test_the_demo_of_a_clone_names_the_command_of_its_environment() -> None:
    assert "  .venv/bin/onefold web " in next_steps()


def test_the_demo_of_an_installed_package_names_the_command_on_the_path(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(place, "PACKAGE_DIR", tmp_path / "site-packages" / "cdp_assets")
    assert "  onefold web " in next_steps() and ".venv" not in next_steps()


def test_the_version_is_told_from_anywhere(tmp_path: Path) -> None:
    words = [sys.executable, "-m", "cdp_assets.cli", "--version"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ONEFOLD_")}
    done = subprocess.run(words, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, f"onefold {place.installed_version()}\n")
