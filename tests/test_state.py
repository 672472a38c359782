"""State: made once, owner-only, and refused when a newer version wrote it."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from cdp_assets.settings import Settings
from cdp_assets.state import StateProblem, connect_state, migrate


def test_every_schema_file_is_applied_once(tmp_path: Path) -> None:
    settings = Settings(home=tmp_path / "home")
    assert migrate(settings) > 0
    assert migrate(settings) == 0
    assert stat.S_IMODE(settings.state_path.stat().st_mode) == 0o600


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
