"""Whole runs, killed at random fifty times, and carried to another machine: the same ids and the same tables.

Long: `make test-all`. ONEFOLD_TEST_KILLS sets another number of kills.
"""

from __future__ import annotations

import csv
import os
import random
import shutil
import subprocess
import time
from collections import Counter
from pathlib import Path

import duckdb
import pytest

from cdp_assets.publishing.generations import current_files
from cdp_assets.settings import Settings
from tests.operations import whole_runs

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("whole runs")]
KILLS = int(os.environ.get("ONEFOLD_TEST_KILLS", "50"))


@pytest.fixture(scope="module")
def never_killed(tmp_path_factory: pytest.TempPathFactory) -> tuple[Settings, float]:
    """(a home after one run that nobody disturbed, the seconds that the run took)."""
    folder = tmp_path_factory.mktemp("never killed")
    settings = Settings(home=folder / "home", inbox=whole_runs.simulate(folder))
    started = time.monotonic()
    whole_runs.run(settings)
    return settings, time.monotonic() - started


def test_runs_killed_at_random_end_like_one_that_was_never_killed(
    tmp_path: Path, never_killed: tuple[Settings, float]
) -> None:
    """Half of them build everything, half what would come out otherwise; each is killed within the time that one of its kind takes.

    Every tenth is left alone: the others after it work on a home that has published.
    """
    undisturbed, seconds = never_killed
    settings = Settings(home=tmp_path / "home", inbox=undisturbed.inbox)
    chance = random.Random(7)
    takes = {(): seconds, ("--full-refresh",): seconds}  # as long as the last that was left alone
    runs, killed, seen = 0, Counter[str | None](), None
    while killed.total() < KILLS:
        runs += 1
        kind, started = chance.choice(list(takes)), time.monotonic()
        process = whole_runs.start_run(settings, *kind)
        try:
            process.wait(timeout=None if runs % 10 == 5 else chance.uniform(0, takes[kind] * 1.05))
            takes[kind] = time.monotonic() - started
        except subprocess.TimeoutExpired:
            whole_runs.kill(process)
            killed[seen] += 1
        if settings.state_path.exists():
            seen = whole_runs.assert_whole(settings)
        print(f"{killed.total()} of {runs} runs killed, readers see {seen}", flush=True)
    whole_runs.run(settings)
    print(
        f"{killed.total()} of {runs} runs killed, by what readers saw before: {dict(killed)}; alone a run takes {seconds:.0f} s, the last of "
        f"each kind {[round(each) for each in takes.values()]} s; readers see {whole_runs.assert_whole(settings)}"
    )
    assert whole_runs.published_content(settings) == whole_runs.published_content(undisturbed)
    assert whole_runs.ids(settings) == whole_runs.ids(undisturbed)


def test_a_backup_restored_elsewhere_and_run_gives_the_same_ids_and_tables(
    tmp_path: Path, never_killed: tuple[Settings, float]
) -> None:
    undisturbed, _ = never_killed
    backup = str(tmp_path / "backup")
    whole_runs.finish(whole_runs.onefold("backup", backup, "--home", str(undisturbed.home)))
    other = Settings(home=tmp_path / "another machine" / "home", inbox=undisturbed.inbox)
    whole_runs.finish(whole_runs.onefold("restore", backup, "--no-erasures", "--home", str(other.home)))
    whole_runs.run(other)
    assert whole_runs.published_content(other) == whole_runs.published_content(undisturbed)
    assert whole_runs.ids(other) == whole_runs.ids(undisturbed)


def test_a_campaign_that_holds_an_e_mail_address_is_published_masked(
    tmp_path: Path, shared_dir: Path, never_killed: tuple[Settings, float]
) -> None:
    """The case `utm_with_email`: a mail tool puts the reader's address into its links."""
    undisturbed, _ = never_killed
    inbox = tmp_path / "inbox"
    shutil.copytree(undisturbed.inbox_dir, inbox)
    delivered = shared_dir / "cases" / "utm_with_email" / "ga4" / "events_20171230.ndjson"
    shutil.copy(delivered, inbox / "ga4")
    settings = Settings(home=tmp_path / "home", inbox=inbox)
    whole_runs.run(settings)
    files = current_files(settings)
    assert files is not None
    with duckdb.connect(str(files.marts), read_only=True) as con:
        campaigns = con.execute(
            "select count(*) filter (where campaign like '%@%'), count(*) filter (where campaign like '%[e-mail]%') "
            "from marts.touchpoints"
        ).fetchall()
        told = con.execute("select channel, column_name from marts.ops_scrubbed_text").fetchall()
    assert campaigns == [(0, 1)]
    assert told == [("ga4", "campaign")]


def test_a_load_that_breaks_its_channels_models_stops_no_night(
    tmp_path: Path, never_killed: tuple[Settings, float]
) -> None:
    """An amount that the contract allows and that no column of money holds: its file waits, the rest is published."""
    undisturbed, _ = never_killed
    shutil.copytree(undisturbed.home, tmp_path / "home", symlinks=True)
    shutil.copytree(undisturbed.inbox_dir, tmp_path / "inbox", copy_function=shutil.copy2)
    settings = Settings(home=tmp_path / "home", inbox=tmp_path / "inbox")
    header, *lines = (
        next((tmp_path / "inbox" / "square").glob("items-2017-12-*")).read_text(encoding="utf-8").splitlines()
    )
    columns, cells = next(csv.reader([header])), next(csv.reader(lines))
    new = {**dict(zip(columns, cells, strict=False)), "Transaction ID": "BEYOND"}
    new |= {"Gross Sales": "$9,999,999,999,999,999.00", "Qty": "0.000001"}
    with (tmp_path / "inbox" / "square" / "items-2018-01-01-2018-02-01.csv").open(
        "w", encoding="utf-8", newline=""
    ) as file:
        csv.writer(file).writerows([columns, [new[name] for name in columns]])
    said = whole_runs.run(settings)
    assert "held back: square/items-2018-01-01-2018-02-01.csv: stg_square__order_lines fails on it" in said
    assert "parked: square/items-2018-01-01-2018-02-01.csv" in said
    assert whole_runs.assert_whole(settings) == "g000002"
    assert "items-2018-01-01" in whole_runs.finish(
        whole_runs.onefold("status", "--home", str(settings.home), "--inbox", str(settings.inbox_dir))
    )
    before, after = whole_runs.published_content(undisturbed), whole_runs.published_content(settings)
    facts = (
        "orders",
        "order_lines",
        "refunds",
        "customers",
        "customer_crosswalk",
        "customer_rfm",
        "stores",
        "products",
    )
    assert {name: after[name] for name in facts} == {name: before[name] for name in facts}
    assert whole_runs.ids(settings) == whole_runs.ids(undisturbed)
