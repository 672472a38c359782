"""A home is its owner's, whatever made its files."""

from __future__ import annotations

import os
import sqlite3
import stat
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import duckdb
import pytest

from cdp_assets.home import DATABASES, prepare_home
from cdp_assets.settings import Settings
from cdp_assets.state import StateLost, connect_state


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


def test_a_home_that_lost_its_state_is_refused_and_starts_over_only_when_told_and_recorded(
    settings: Settings,
) -> None:
    original = settings.originals_dir / "ab" / "abc"
    original.parent.mkdir(parents=True)
    original.touch()
    settings.state_path.unlink()
    with pytest.raises(StateLost, match="onefold restore") as refused:
        prepare_home(settings)
    assert "--start-over" in str(refused.value)
    assert not settings.state_path.exists()
    prepare_home(settings.model_copy(update={"start_over": True}))
    with connect_state(settings, read_only=True) as con:
        assert con.execute("select event, detail from home_events").fetchall() == [
            ("started_over", "state.duckdb was missing beside: landed originals")
        ]


def test_a_home_with_nothing_but_a_key_is_new(settings: Settings) -> None:
    settings.state_path.unlink()
    (settings.home / "key").write_bytes(b"k" * 40)
    prepare_home(settings)
    assert settings.state_path.exists()


STARTS = """
import sys, time
from pathlib import Path
import dagster as dg
from cdp_assets import home
from cdp_assets.settings import Settings
settings = Settings(home=Path(sys.argv[1]), key="test-key-of-at-least-thirty-two-bytes")
print("ready", flush=True)
sys.stdin.readline()
home.prepare_home_unless_busy(settings)
home.make_history(settings)
dg.DagsterInstance.from_config(str(settings.dagster_dir)).dispose()
"""


@pytest.mark.integration
def test_services_that_start_at_once_on_a_new_home_share_one_history(tmp_path: Path) -> None:
    """As `docker compose up` starts Dagster's page and its daemon; a database that both stamped was never read again."""
    starting = [
        subprocess.Popen(
            [sys.executable, "-c", STARTS, str(tmp_path / "home")],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )
        for _ in range(3)
    ]  # fmt: skip
    for each in starting:
        assert each.stdout and each.stdout.readline() == "ready\n"
    for each in starting:
        assert each.stdin
        each.stdin.write("\n")
        each.stdin.flush()
    said = [each.communicate(timeout=120)[1] for each in starting]
    assert [each.returncode for each in starting] == [0, 0, 0], said
    stamped = set()
    for name in DATABASES:
        with closing(sqlite3.connect(tmp_path / "home" / "dagster" / name)) as con:
            stamped |= {
                (name, *row) for row in con.execute("select count(*), max(version_num) from alembic_version")
            }
    assert {count for _, count, _ in stamped} == {1}
    assert len({version for _, _, version in stamped}) == 1
