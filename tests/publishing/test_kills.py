"""kill -9 and a full disk at every step: readers see the old or the new generation, whole, and the next run heals.

A child process publishes or rolls back and dies at a named step. The names are those that the product itself reports; a
test holds the two lists together, so that a new step is killed at as soon as it exists.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import duckdb
import pytest

from cdp_assets.publishing import recovery, rollback
from cdp_assets.publishing.listing import list_generations
from cdp_assets.settings import Settings
from cdp_assets.state import connect_state, migrate
from tests.publishing.builds import build_amounts, publish_build, read_current

pytestmark = pytest.mark.integration

PUBLISH_STEPS = [
    "publish/gates passed",
    "publish/marts.duckdb written",
    "publish/marts.duckdb checked",
    "publish/contact.duckdb written",
    "publish/contact.duckdb checked",
    "publish/parquet written",
    "publish/generation written",
    "publish/state written",
    "publish/state committed",
    "publish/link flipped",
    "publish/old generations removed",
]
ROLLBACK_STEPS = [
    "rollback/state written",
    "rollback/state committed",
    "publish/link flipped",
    "publish/old generations removed",
]
COMMITTED = {"publish/state committed", "publish/link flipped", "publish/old generations removed"}


# `make test` kills where a wrong order would show; `make test-all` everywhere.
TELLING = {
    "publish/marts.duckdb written",
    "publish/generation written",
    "publish/state written",
    "publish/state committed",
    "publish/link flipped",
    "rollback/state committed",
}


def steps(names: list[str]) -> list[object]:
    return [name if name in TELLING else pytest.param(name, marks=pytest.mark.slow) for name in names]


def suppress(con: duckdb.DuckDBPyConnection, generation: str) -> None:
    """A room's commit: one row, so that state shows whether it was committed."""
    con.execute("insert into suppressions values ('phone', ?, null)", [generation])


def suppress_many(con: duckdb.DuckDBPyConnection, _: str) -> None:
    """A commit of some megabytes."""
    con.execute("insert into suppressions select 'email', hash(range)::varchar, null from range(40_000)")


def withdraw(con: duckdb.DuckDBPyConnection, generation: str) -> None:
    con.execute("delete from suppressions where identifier_pseudonym > ?", [generation])


def die_at(step: str) -> Callable[[str], None]:
    def reached(name: str) -> None:
        if name == step:
            os.kill(os.getpid(), signal.SIGKILL)

    return reached


def child(home: Path, action: str, step: str = "", file_limit: int = 0) -> int:
    """Publish the home's build, or roll back, in a process of its own; returns its exit code."""
    process = FORKS.Process(target=act, args=(str(home), action, step, file_limit))
    process.start()
    process.join()
    assert process.exitcode is not None
    return process.exitcode


FORKS = multiprocessing.get_context(
    "forkserver"
)  # children fork from a clean process that has imported this module
FORKS.set_forkserver_preload([__name__])


def act(home: str, action: str, step: str, file_limit: int) -> None:
    """What the child does. file_limit: bytes that no file may pass, as on a full disk; 0 for none."""
    settings = Settings(home=Path(home), keep_generations=2)
    if file_limit:
        resource.setrlimit(resource.RLIMIT_FSIZE, (file_limit, file_limit))
    if action == "publish":
        publish_build(settings, "child", commits=[suppress], reached=die_at(step))
    elif action == "publish much":
        publish_build(settings, "child", commits=[suppress, suppress_many])
    else:
        rollback.roll_back(settings, withdrawals=[withdraw], reached=die_at(step))


def committed(settings: Settings) -> list[str]:
    with connect_state(settings) as con:
        rows = con.execute("select identifier_pseudonym from suppressions order by 1").fetchall()
    return [row[0] for row in rows]


@pytest.fixture(scope="module")
def pattern(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home that keeps two generations and has them, of sums 1 and 2, with a build of sum 3 that waits."""
    settings = Settings(home=tmp_path_factory.mktemp("pattern") / "home", keep_generations=2)
    migrate(settings)
    for amount in (1, 2):
        build_amounts(settings, amount)
        publish_build(settings, f"run {amount}", commits=[suppress])
    build_amounts(settings, 3)
    return settings.home


@pytest.fixture
def two_published(tmp_path: Path, pattern: Path) -> Settings:
    """A copy of that home."""
    shutil.copytree(pattern, tmp_path / "home", symlinks=True)
    return Settings(home=tmp_path / "home", keep_generations=2)


def assert_healed_and_equal_to_a_run_that_was_never_killed(
    settings: Settings, *, was_committed: bool
) -> None:
    """Repair, look, publish again: the same files, the same fingerprints, nothing left over."""
    repaired = recovery.repair(settings)
    assert read_current(settings) == (3 if was_committed else 2)
    assert committed(settings) == ["g000001", "g000002"] + (["g000003"] if was_committed else [])
    assert recovery.repair(settings) == [], f"a second repair found more to do after {repaired}"
    publish_build(settings, "again", commits=[suppress])
    again, *earlier = list_generations(settings)
    assert read_current(settings) == 3
    assert again.status == "current"
    assert earlier[0].status == "superseded"
    assert again.changed_tables == ([] if was_committed else ["order_amounts"])
    folders = sorted(path.name for path in settings.published_dir.iterdir() if not path.is_symlink())
    assert folders == sorted([again.generation, earlier[0].generation])


def test_publishing_and_rolling_back_report_these_steps(two_published: Settings) -> None:
    seen: list[str] = []
    publish_build(two_published, "three", reached=seen.append)
    assert seen == PUBLISH_STEPS
    seen.clear()
    rollback.roll_back(two_published, reached=seen.append)
    assert seen == ROLLBACK_STEPS


@pytest.mark.parametrize("step", steps(PUBLISH_STEPS))
def test_a_kill_at_any_step_of_publishing_does_no_harm(two_published: Settings, step: str) -> None:
    assert child(two_published.home, "publish", step) == -signal.SIGKILL
    assert read_current(two_published) in (2, 3)
    assert_healed_and_equal_to_a_run_that_was_never_killed(two_published, was_committed=step in COMMITTED)


@pytest.mark.parametrize("step", steps(ROLLBACK_STEPS))
def test_a_kill_at_any_step_of_a_rollback_does_no_harm(two_published: Settings, step: str) -> None:
    assert child(two_published.home, "rollback", step) == -signal.SIGKILL
    assert read_current(two_published) in (1, 2)
    recovery.repair(two_published)
    is_back = step != "rollback/state written"
    assert read_current(two_published) == (1 if is_back else 2)
    assert committed(two_published) == ["g000001"] + ([] if is_back else ["g000002"])
    assert recovery.repair(two_published) == []


@pytest.mark.parametrize(
    ("what_is_full", "limit_kib"),
    [
        pytest.param("the first write", 4, marks=pytest.mark.slow),
        pytest.param("the marts' checkpoint", 300, marks=pytest.mark.slow),
        ("state's log", 900),
    ],
)
def test_a_full_disk_does_no_harm(two_published: Settings, what_is_full: str, limit_kib: int) -> None:
    exit_code = child(two_published.home, "publish much", file_limit=limit_kib * 1024)
    assert exit_code == 1, f"{what_is_full} was meant to fail"
    assert read_current(two_published) == 2
    assert_healed_and_equal_to_a_run_that_was_never_killed(two_published, was_committed=False)
