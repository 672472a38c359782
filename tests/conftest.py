"""Fixtures that several rooms' tests share."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from hypothesis import settings as hypothesis_settings

from cdp_assets.settings import PROJECT_DIR, Settings
from cdp_assets.state import migrate

# No test may depend on how fast the machine is, nor fall by chance: the same examples each time. make test-all looks for others.
hypothesis_settings.register_profile("explore", deadline=None)
hypothesis_settings.register_profile("onefold", deadline=None, derandomize=True)
hypothesis_settings.load_profile("onefold")

# Nor on the settings of whoever runs it: a home, a key or a time zone that the shell holds is of no test.
for name in [
    each for each in os.environ if each.startswith("ONEFOLD_") and not each.startswith("ONEFOLD_TEST_")
]:
    del os.environ[name]
os.environ.pop("DAGSTER_HOME", None)

SHARED_DIR = PROJECT_DIR.parent / "shared"

# Files that take longest, longest first: begun last, one of them would keep one worker busy while the other rests.
LONGEST_FIRST = (
    "tests/test_demo_end_to_end.py",
    "tests/test_online_retail.py",
    "tests/project/test_wheel.py",
    "tests/identity/test_runs.py",
    "tests/dbt/test_outcomes.py",
    "tests/rights/test_erasure.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files in front; the Makefile tells the workers to take files in this order."""
    place = {name: index for index, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: place.get(item.nodeid.partition("::")[0], len(place)))


@pytest.fixture(scope="session")
def shared_dir() -> Path:
    """The folder of real data, headers and right answers beside the checkout; tests skip where it is absent."""
    if not SHARED_DIR.is_dir():
        pytest.skip(f"skipped: the shared reference data is not beside this checkout ({SHARED_DIR.name}/)")
    return SHARED_DIR


@pytest.fixture(scope="session")
def empty_state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated state.duckdb to copy: making one takes longer than most tests."""
    made = Settings(home=tmp_path_factory.mktemp("pattern") / "home")
    migrate(made)
    return made.state_path


@pytest.fixture
def settings(tmp_path: Path, empty_state: Path) -> Settings:
    """Settings of an empty, migrated home with an inbox."""
    made = Settings(
        home=tmp_path / "home", inbox=tmp_path / "inbox", key="test-key-of-at-least-thirty-two-bytes"
    )
    made.inbox_dir.mkdir()
    made.home.mkdir(mode=0o700)
    shutil.copy(empty_state, made.state_path)
    return made
