"""An erasure that dies before every rename, removal and link of a file in turn: each start goes on, readers see a whole generation, and it ends the same."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from cdp_assets.activation import vault
from cdp_assets.keys import load_key
from cdp_assets.rights import certificate, requests
from cdp_assets.rights.requests import Identity, NewRequest
from cdp_assets.settings import PROJECT_DIR, Settings
from cdp_assets.state import connect_state, migrate
from tests.rights import small_home as small
from tests.rights.small_home import HERS, HIS
from tests.rights.test_erasure import KEY, check_gone

pytestmark = [pytest.mark.integration, pytest.mark.slow]
TOUCHES = 3000
AT_PLATFORM = "abcdef0123456789"
STEPS = ("landing", "publishing", "rights/tables", "rights/files", "rights/journal", "rights/certificate", "rights/outside", "activation/vault")  # fmt: skip


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    made = Settings(home=tmp_path / "home", inbox=tmp_path / "inbox", key=KEY)
    made.inbox_dir.mkdir()
    migrate(made)
    small.make_home(made, TOUCHES)
    with connect_state(made) as con:
        con.execute("insert into activation_lists values (1, 'somewhere', 'best')")
        con.execute(
            "insert into activation_keys values (7, 'email', ?), (8, 'email', '9876543210fedcba')",
            [AT_PLATFORM],
        )
        con.execute("insert into activation_key_customers values (7, ?), (8, ?)", [HERS, HIS])
        con.execute(
            "insert into activation_entries values (1, 7, 'email', 1, null), (1, 8, 'email', 1, null)"
        )
        new = NewRequest("erase", [Identity("email", small.MAIL)], is_verified=True)
        requests.take(con, load_key(made), new, actor="officer")
    return made


def die_everywhere(settings: Settings, died: Path) -> set[str]:
    """Start and die until nothing is left to die at; returns at what it died, this time and before."""
    died.touch()
    given = [str(settings.home), str(settings.inbox_dir), KEY, str(died)]
    ran = subprocess.run(
        [sys.executable, "-m", "tests.rights.dying", *given], cwd=PROJECT_DIR, capture_output=True, text=True
    )
    assert ran.returncode == 0, ran.stderr[-5000:]
    return set(died.read_text().splitlines())


def test_it_dies_before_every_change_of_a_file_and_ends_the_same(home: Settings, tmp_path: Path) -> None:
    die_everywhere(home, tmp_path / "died")
    (path,) = (home.home / "rights" / "certificates").glob("*.json")
    first = certificate.read_certificate(path)
    assert first["status"] == "interim" and first["scan"]["found"] == [], first["waiting"]
    assert vault.read(home) == {7: AT_PLATFORM}
    with connect_state(home) as con:  # the platform answers
        con.execute("delete from activation_entries where key_id = 7")
    died = die_everywhere(home, tmp_path / "died")
    assert len(died) > 50 and not [step for step in STEPS if not any(f" {step}" in each for each in died)]
    check_gone(home, certificate.read_certificate(path), TOUCHES)
    left = [
        each.name
        for each in home.home.rglob("*")
        if each.name.endswith((".tmp", ".erasing", "_key", ".age", ".agekey"))
    ]
    left += [each.name for each in home.home.rglob(".writing*")] + [
        each.name for each in home.landing_dir.glob("_work*")
    ]
    assert left == ["public_key"]
