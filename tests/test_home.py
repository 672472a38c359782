"""A home is its owner's, whatever made its files."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import duckdb

from cdp_assets.home import prepare_home
from cdp_assets.settings import Settings


def test_a_warehouse_is_its_owner_s_also_one_that_a_library_makes(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    before = os.umask(0o022)
    try:
        for _ in range(2):
            prepare_home(settings)
            duckdb.connect(str(settings.warehouse_path)).close()
            assert stat.S_IMODE(settings.warehouse_path.stat().st_mode) == 0o600
            settings.warehouse_path.chmod(0o644)
    finally:
        os.umask(before)
