"""Fixtures of drafting's tests."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from cdp_assets.settings import PROJECT_DIR


@pytest.fixture
def rooms(tmp_path: Path) -> tuple[Path, Path]:
    """Empty folders for contracts and for the dbt project's files that drafting reads and writes."""
    channels, dbt = tmp_path / "channels", tmp_path / "dbt"
    channels.mkdir()
    source = PROJECT_DIR / "dbt_project"
    dbt.mkdir()
    shutil.copy(source / "dbt_project.yml", dbt)
    return channels, dbt
