"""Readers during publishing: opens while generations are published, without an error or a mixture (make test-all: 1000)."""

from __future__ import annotations

import multiprocessing
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Event, Semaphore
from pathlib import Path

import duckdb
import pytest

from cdp_assets.publishing.generations import current_files
from cdp_assets.settings import Settings
from tests.publishing.builds import build, publish_build

FORKS = multiprocessing.get_context("forkserver")
FORKS.set_forkserver_preload([__name__])
READERS = 2
ONE_THREAD = {"threads": 1}

# Every table of a generation holds the number of its build and nothing else.
THROUGH_THE_LINK = "select min(number), max(number) from (from marts.one union all from marts.two)"
BOTH_FILES = (
    "select min(number), max(number) from "
    "(from published.marts.one union all from published.marts.two union all from in_clear.contact.three)"
)


def build_number(settings: Settings, number: int) -> None:
    rows = f"as select {number} as number from range(500)"
    build(
        settings,
        f"create table marts.one {rows}",
        f"create table marts.two {rows}",
        f"create table contact.three {rows}",
    )


def open_by_the_link(settings: Settings) -> tuple[int, int]:
    """As any tool does that knows the path `published/current.duckdb`, and writes `marts.one` as the documents do."""
    con = duckdb.connect(str(settings.published_dir / "current.duckdb"), read_only=True, config=ONE_THREAD)
    try:
        return con.execute(THROUGH_THE_LINK).fetchone() or (-1, -1)
    finally:
        con.close()


def open_both_files(settings: Settings) -> tuple[int, int]:
    """As the pages do that show identifiers."""
    files = current_files(settings)
    assert files is not None
    con = duckdb.connect(config=ONE_THREAD)
    try:
        con.execute(f"attach '{files.marts}' as published (read_only)")
        con.execute(f"attach '{files.contact}' as in_clear (read_only)")
        return con.execute(BOTH_FILES).fetchone() or (-1, -1)
    finally:
        con.close()


def read_on(home: Path, opens: int, is_over: Event, opened: Semaphore, answers: Queue[list[object]]) -> None:
    """Open until the share of opens is done and the last generation was published; what went wrong is in the answer."""
    settings = Settings(home=home)
    seen: list[object] = []
    while len(seen) < opens or not is_over.is_set():
        look = open_both_files if len(seen) % 2 else open_by_the_link
        try:
            seen.append(look(settings))
        except Exception as error:
            seen.append(repr(error))
        opened.release()
    answers.put(seen)


def wait_for_opens(opened: Semaphore) -> None:
    """Until whoever opens has done so a few times anew, however slow the machine is."""
    while opened.acquire(block=False):
        pass
    for _ in range(2 * READERS):
        assert opened.acquire(timeout=60)


@pytest.mark.parametrize(
    ("opens", "publishes"),
    [(200, 3), pytest.param(1000, 10, marks=pytest.mark.slow)],
    ids=["some", "a thousand"],
)
def test_opens_during_publishes_give_no_error_and_no_mixture(
    settings: Settings, opens: int, publishes: int
) -> None:
    build_number(settings, 0)
    publish_build(settings, "run 0")
    is_over, opened, answers = FORKS.Event(), FORKS.Semaphore(0), FORKS.Queue()
    share = (settings.home, opens // READERS, is_over, opened, answers)
    readers = [FORKS.Process(target=read_on, args=share) for _ in range(READERS)]
    for reader in readers:
        reader.start()
    for number in range(1, publishes + 1):
        wait_for_opens(opened)
        build_number(settings, number)
        publish_build(settings, f"run {number}")
    is_over.set()
    seen = [each for _ in readers for each in answers.get(timeout=120)]
    for reader in readers:
        reader.join()
    assert len(seen) >= opens
    assert [each for each in seen if not isinstance(each, tuple) or each[0] != each[1]] == []
    assert len(set(seen)) >= 1 + publishes // 2, "the readers must have met most generations"
    print(f"{len(seen)} opens met {len(set(seen))} generations")
