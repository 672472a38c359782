"""State: made once, owner-only, and refused when a newer version wrote it."""

from __future__ import annotations

import re
import stat
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from cdp_assets.errors import may_pass_on_retry
from cdp_assets.settings import Settings
from cdp_assets.state import SCHEMA_DIR, StateInUse, StateProblem, connect_state, migrate


def test_every_schema_file_is_applied_once(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    assert migrate(settings) > 0
    assert migrate(settings) == 0
    assert stat.S_IMODE(settings.state_path.stat().st_mode) == 0o600


def test_each_schema_file_has_a_number_of_its_own() -> None:
    """Files are applied in the order of their names, and homes remember the whole name: a name that was released stays, also the two of 060."""
    numbers = Counter(file.name[:3] for file in SCHEMA_DIR.glob("*.sql"))
    assert {number for number, count in numbers.items() if count > 1} == {"060"}
    assert all(re.fullmatch(r"\d{3}_[a-z_]+\.sql", file.name) for file in SCHEMA_DIR.iterdir())


def test_a_state_of_a_newer_version_is_refused(settings: Settings) -> None:
    with connect_state(settings) as con:
        con.execute("insert into schema_migrations values ('999_future', now()::timestamp)")
    with pytest.raises(StateProblem, match="newer Onefold"):
        migrate(settings)


def test_reading_a_home_without_state_says_what_makes_it(tmp_path: Path) -> None:
    with (
        pytest.raises(StateProblem, match="onefold run"),
        connect_state(Settings(home=tmp_path / "none"), read_only=True),
    ):
        pass


HOLDER = """
import sys, time
import duckdb
con = duckdb.connect(sys.argv[1])
print("open", flush=True)
time.sleep(float(sys.argv[2]))
"""


@pytest.mark.parametrize(("seconds", "is_opened"), [(0.3, True), (60, False)])
def test_whoever_finds_state_open_elsewhere_waits_a_while_and_then_says_so(
    settings: Settings, monkeypatch: pytest.MonkeyPatch, seconds: float, is_opened: bool
) -> None:
    monkeypatch.setattr("cdp_assets.state.PATIENCE_OF_WRITERS", 30.0 if is_opened else 0.2)
    command = [sys.executable, "-c", HOLDER, str(settings.state_path), str(seconds)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as holder:
        assert holder.stdout is not None
        holder.stdout.readline()
        if is_opened:
            with connect_state(settings) as con:
                assert con.execute("select 1").fetchone() == (1,)
        else:
            with pytest.raises(StateInUse, match="wait for it to end") as caught, connect_state(settings):
                pass
            assert may_pass_on_retry(caught.value)
        holder.kill()
