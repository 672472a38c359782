"""Killed with SIGKILL at any step, the next run ends in the same state as a run that was never killed."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from cdp_assets.settings import PROJECT_DIR, Settings
from cdp_assets.state import migrate
from tests.landing.builders import contract_of, deliver, land, landed, quarantined, query_state

# Each step is a function; the child dies at its first call, before it ("before") or after it ("after").
STEPS = [
    ("cdp_assets.landing.load", "keep_original", "before"),
    ("cdp_assets.landing.load", "keep_original", "after"),
    ("cdp_assets.landing.ledger", "open_loads", "before"),
    ("cdp_assets.landing.load", "parse_loads", "before"),
    ("cdp_assets.landing.parse", "_write_quarantine", "before"),
    ("cdp_assets.landing.parse", "_write_quarantine", "after"),
    ("cdp_assets.landing.files", "publish", "before"),
    ("cdp_assets.landing.load", "parse_loads", "after"),
    ("cdp_assets.landing.ledger", "close_loads", "after"),
    ("cdp_assets.landing.deliveries", "mark_current", "after"),
    ("cdp_assets.landing.load", "land_export", "after"),
]
PARENT = """
import importlib, json, os, signal, sys
from pathlib import Path
from cdp_assets.landing import land_all
from cdp_assets.settings import PROJECT_DIR, Settings
from tests.landing.test_killed import contracts

def die_at(module_name, function, when):
    module = importlib.import_module(module_name)
    original = getattr(module, function)
    def killed(*args, **kwargs):
        if when == "after":
            original(*args, **kwargs)
        os.kill(os.getpid(), signal.SIGKILL)
    setattr(module, function, killed)

signals = []
for step, home, inbox in json.load(sys.stdin):
    child = os.fork()
    if not child:
        die_at(*step)
        land_all(Settings(home=Path(home), inbox=Path(inbox), key="test-key-of-at-least-thirty-two-bytes"), contracts(), "killed")
        os._exit(0)
    signals.append(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
print(json.dumps(signals))
"""


def contracts():  # type: ignore[no-untyped-def]
    """One export; a newer file of the same period replaces the older."""
    facts = {"filePattern": r"(?P<period>\d+)[a-z]?\.csv", "replaces": "period"}
    return contract_of(facts, {"name": "id", "required": True}, {"name": "n", "logicalType": "integer"})


def _state(settings: Settings) -> object:
    columns = (
        "file_name, load_id, status, parsed_rows, landed_rows, quarantined_rows, is_current, version_order"
    )
    loads = query_state(settings, f"select {columns} from loads order by all")
    files = sorted(
        p.relative_to(settings.home).as_posix() for p in settings.landing_dir.rglob("*") if p.is_file()
    )
    return loads, files, landed(settings, "shop", "sales"), quarantined(settings, "shop", "sales")


def _home(tmp_path: Path, name: str) -> Settings:
    settings = Settings(
        home=tmp_path / name, inbox=tmp_path / f"{name}-inbox", key="test-key-of-at-least-thirty-two-bytes"
    )
    migrate(settings)
    deliver(settings, "shop/1.csv", "id,n\n1,1\n2,x\n")
    deliver(settings, "shop/1b.csv", "id,n\n3,3\n")
    deliver(settings, "shop/2.csv", "id,n\n4,4\n")
    return settings


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> object:
    settings = _home(tmp_path_factory.mktemp("undisturbed"), "home")
    land(settings, contracts())
    return _state(settings)


def _kill(root: Path, steps: list[tuple[str, str, str]]) -> dict[tuple[str, str, str], Settings]:
    """A home per step whose landing was killed there: one process imports, and forks a child for each."""
    homes = {step: _home(root, f"home{number}") for number, step in enumerate(steps)}
    parent = subprocess.run(
        [sys.executable, "-c", PARENT],
        input=json.dumps(
            [(step, str(home.home), str(home.inbox_dir)) for step, home in homes.items()]
        ).encode(),
        cwd=PROJECT_DIR,
        capture_output=True,
        check=True,
    )
    assert json.loads(parent.stdout) == [-9] * len(steps)
    return homes


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[str, str, str], Settings]:
    return _kill(tmp_path_factory.mktemp("killed"), STEPS[::3])


@pytest.mark.parametrize("step", STEPS[::3])
def test_a_killed_landing_ends_the_same(
    killed: dict[tuple[str, str, str], Settings], undisturbed: object, step: tuple[str, str, str]
) -> None:
    land(killed[step], contracts())
    assert _state(killed[step]) == undisturbed


@pytest.mark.slow
def test_a_landing_killed_at_any_step_ends_the_same(tmp_path: Path, undisturbed: object) -> None:
    for step, settings in _kill(tmp_path, STEPS).items():
        land(settings, contracts())
        assert _state(settings) == undisturbed, step
