"""A night over nothing new leaves the generation; whatever its tables are made of, changed, makes a whole run again."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from cdp_assets.as_of import newest_landed
from cdp_assets.decisions import write_decision
from cdp_assets.landing import land_all, load_contracts
from cdp_assets.landing.delivery_checks import accept
from cdp_assets.operations import unchanged
from cdp_assets.operations.unchanged import remember_inputs, unchanged_generation
from cdp_assets.publishing.run_record import RunRecord
from cdp_assets.settings import Settings
from cdp_assets.state import connect_state
from tests.landing.builders import deliver
from tests.publishing.builds import DAY, build_amounts, publish_build

RATES = "Date, USD, JPY, \n04 January 2017, 1.06, 123.0, \n"


def old(path: Path, *, at: int = 1_600_000_000) -> Path:
    """As if it had been delivered long ago: nobody waits for it to settle."""
    os.utime(path, (at, at))
    return path


def land_inbox(settings: Settings) -> None:
    land_all(settings, load_contracts(*settings.contract_dirs), "run")


@pytest.fixture(scope="module")
def pattern(tmp_path_factory: pytest.TempPathFactory, empty_state: Path) -> Settings:
    """A home that landed one file and published, with what it was made of remembered."""
    root = tmp_path_factory.mktemp("pattern")
    chosen = Settings(
        home=root / "home", inbox=root / "inbox", key="test-key-of-at-least-thirty-two-bytes", as_of_date=DAY
    )
    chosen.home.mkdir(mode=0o700)
    shutil.copy(empty_state, chosen.state_path)
    old(deliver(chosen, "ecb/eurofxref.csv", RATES))
    land_inbox(chosen)
    build_amounts(chosen, 1, 2)
    record = RunRecord(chosen, "run")
    record.set_facts(as_of_date=DAY)
    publish_build(chosen, "run")
    remember_inputs(chosen, record)
    return chosen


@pytest.fixture
def home(pattern: Settings, tmp_path: Path) -> Settings:
    """A copy of it: where a home lies says nothing of what its tables are made of."""
    shutil.copytree(pattern.home.parent, tmp_path / "copy", symlinks=True)
    return pattern.model_copy(
        update={"home": tmp_path / "copy" / "home", "inbox": tmp_path / "copy" / "inbox"}
    )


def stays(home: Settings) -> str | None:
    return unchanged_generation(home, newest_landed)


def test_nothing_new_leaves_the_generation(home: Settings) -> None:
    assert stays(home) == "g000001"


def test_landing_nothing_new_again_changes_nothing(home: Settings) -> None:
    land_inbox(home)
    (home.inbox_dir / "ecb" / "eurofxref.csv").unlink()  # taken away once it had landed
    land_inbox(home)
    assert stays(home) == "g000001"


def test_a_delivery_that_was_held_and_waits_is_no_change(home: Settings) -> None:
    """It is judged again every night, by the same limits; a person's word makes it new."""
    smaller = old(
        deliver(home, "ecb/eurofxref.csv", RATES.replace("04 January 2017", "some day")), at=1_600_000_200
    )
    land_inbox(home)
    ((name, reason),) = rows_of(home, "select file_name, reason_code from held_files")
    assert (name, reason) == (smaller.name, "mostly_quarantined")
    remember_inputs(home, RunRecord(home, "run"))
    assert stays(home) == "g000001"
    land_inbox(home)
    assert stays(home) == "g000001"
    accept(home, smaller.name, "it is right")
    assert stays(home) is None


def rows_of(home: Settings, query: str) -> list[tuple[Any, ...]]:
    with connect_state(home, read_only=True) as con:
        return con.execute(query).fetchall()


def run_sql(statement: str) -> Callable[[Settings], None]:
    def change(home: Settings) -> None:
        with connect_state(home) as con:
            con.execute(statement)

    return change


def built(at: datetime) -> Callable[[Settings], None]:
    return lambda home: RunRecord(home, "run").set_facts(built_at=at.isoformat())


CHANGES: dict[str, Callable[[Settings], object]] = {
    "a new file": lambda home: old(deliver(home, "ecb/eurofxref-hist.csv", RATES.replace("04", "05"))),
    "another content": lambda home: old(
        deliver(home, "ecb/eurofxref.csv", RATES.replace("123.0", "124.0")), at=1_600_000_100
    ),
    "a file that waits": lambda home: deliver(home, "ecb/what is this.txt", "hello"),
    "a file under another name": lambda home: old(deliver(home, "ecb/eurofxref-hist.csv", RATES)),
    "a decision that waits": lambda home: write_decision(home.home / "rulings_inbox", {"kind": "rulings"}),
    "a load that changed": run_sql("update loads set landed_rows = landed_rows + 1"),
    "a person to forget": run_sql("insert into suppressions values ('email', 'x', null)"),
    "a week": built(datetime.now(UTC) - timedelta(days=7)),
    "a clock that went back": built(datetime.now(UTC) + timedelta(hours=1)),
    "a record that is gone": lambda home: (home.runs_dir / "run" / "run.json").unlink(),
    "a warehouse that is gone": lambda home: home.warehouse_path.unlink(),
    "a link that is gone": lambda home: (home.published_dir / "current.duckdb").unlink(),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_changed_is_built_anew(home: Settings, change: Callable[[Settings], object]) -> None:
    change(home)
    assert stays(home) is None


@pytest.mark.parametrize(
    ("chosen", "is_same"),
    [
        ({"as_of_date": DAY + timedelta(days=1)}, False),
        ({"as_of_date": date(2017, 12, 30)}, False),
        ({"business_time_zone": "Asia/Shanghai"}, False),
        ({"reporting_currency": "EUR"}, False),
        ({"accept_identity_change": True}, False),
        ({"retrain": True}, False),
        ({"accept_shrink": "all"}, False),
        ({"alert_mail": "on.call@example.com", "web_base_path": "/cdp", "threads": 1}, True),
    ],
)
def test_date_and_settings_count_and_where_things_are_shown_does_not(
    home: Settings, chosen: dict[str, object], *, is_same: bool
) -> None:
    assert (stays(home.model_copy(update=chosen)) is not None) is is_same


def test_other_code_builds_anew(home: Settings, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    code = tmp_path / "code"
    code.mkdir()
    monkeypatch.setattr(unchanged, "PACKAGE", code)
    remember_inputs(home, RunRecord(home, "run"))
    assert stays(home) == "g000001"
    (code / "rule.sql").write_text("select 1")
    assert stays(home) is None


def test_what_a_run_saw_is_no_change(home: Settings) -> None:
    run_sql("update verification_turns set turn = turn + 1")(home)
    run_sql("update loads set run_id = 'other', landed_at = timestamp '2030-01-01'")(home)
    assert stays(home) == "g000001"


def test_a_home_that_published_nothing_or_before_this_was_kept_runs_whole(settings: Settings) -> None:
    assert stays(settings) is None
    build_amounts(settings, 1)
    publish_build(settings, "run")
    assert stays(settings) is None
    facts = json.loads((settings.runs_dir / "run" / "run.json").read_text())
    assert "inputs" not in facts
