"""`onefold dagster`: Dagster's page on this home, bound to localhost."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from cdp_assets import dbt_manifest
from cdp_assets.commands.run import export_settings
from cdp_assets.home import prepare_home_unless_busy
from cdp_assets.settings import Settings

# `dagster dev` recommends a tool that is not installed with it.
SUPERSEDED = "ignore:Function `dev_command` is superseded"


def serve_dagster(*, home: Path | None, inbox: Path | None, port: int) -> int:
    """Run `dagster dev` on the workspace until interrupted; returns its exit code."""
    settings = Settings.load(home=home, inbox=inbox)
    export_settings(settings)
    prepare_home_unless_busy(settings)
    dbt_manifest.prepare(settings)
    command = [
        "-W",
        SUPERSEDED,
        "-m",
        "dagster",
        "dev",
        "-w",
        str(settings.project_dir / "workspace.yaml"),
        "-h",
        "127.0.0.1",
        "-p",
        str(port),
    ]
    return subprocess.call([sys.executable, *command], cwd=settings.project_dir)  # noqa: S603 (fixed command)
