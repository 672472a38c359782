"""What was delivered later is what counts, whichever bytes hash higher; recorded once, it is decided the same for ever."""

from __future__ import annotations

import os
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from cdp_assets.landing import deliveries
from cdp_assets.landing.contract import ChannelContract
from cdp_assets.settings import Settings
from cdp_assets.state import connect_state, migrate
from tests.landing.builders import contract_of, deliver, land, landed, query_state

COLUMNS = ({"name": "id"}, {"name": "n", "logicalType": "integer"})
RULES: list[dict[str, Any]] = [
    {"replaces": "file_name"},
    {"replaces": "period", "filePattern": r"(?P<period>\d+)\.csv"},
    {"delivery": "snapshot", "filePattern": r"(?P<period>\d+)\.csv"},
    {"delivery": "snapshot"},
]


def _file(*rows: str) -> str:
    return "id,n\n" + "".join(f"{row}\n" for row in rows)


def _ids(settings: Settings) -> set[str]:
    return {row[0] for row in landed(settings, "shop", "sales", "id")}


@pytest.mark.parametrize("rules", RULES)
@pytest.mark.parametrize("last", range(6))
def test_the_whole_file_after_the_cut_one_is_current_whatever_their_hashes(
    settings: Settings, rules: dict[str, Any], last: int
) -> None:
    contracts = contract_of(rules, *COLUMNS)
    deliver(settings, "shop/201701.csv", _file("1,1"))
    land(settings, contracts)
    deliver(settings, "shop/201701.csv", _file("1,1", f"2,{last}"))
    land(settings, contracts)
    assert _ids(settings) == {"1", "2"}


@pytest.mark.parametrize("rules", RULES)
def test_a_content_that_comes_back_is_current_again(settings: Settings, rules: dict[str, Any]) -> None:
    contracts = contract_of(rules, *COLUMNS)
    for row in ("1,1", "2,2", "1,1"):
        deliver(settings, "shop/201701.csv", _file(row))
        land(settings, contracts)
    assert _ids(settings) == {"1"}
    assert query_state(settings, "select sequence from deliveries order by 1") == [(1,), (2,), (3,)]
    land(settings, contracts)
    assert query_state(settings, "select count(*) from deliveries") == [(3,)]


def test_a_snapshot_that_equals_an_older_one_replaces_the_one_between(settings: Settings) -> None:
    contracts = contract_of({"delivery": "snapshot", "filePattern": r"(?P<period>\d+)\.csv"}, *COLUMNS)
    for period, row in {"201701": "1,1", "201702": "2,2", "201703": "1,1"}.items():
        deliver(settings, f"shop/{period}.csv", _file(row))
        land(settings, contracts)
    assert _ids(settings) == {"1"}


def test_a_name_that_takes_over_the_bytes_of_another_keeps_them_current(settings: Settings) -> None:
    contracts = contract_of({"replaces": "file_name"}, *COLUMNS)
    for name, row in (("a", "1,1"), ("a", "2,2"), ("b", "1,1")):
        deliver(settings, f"shop/{name}.csv", _file(row))
        land(settings, contracts)
    assert _ids(settings) == {"1", "2"}


def test_a_snapshot_whose_newest_row_was_deleted_still_replaces_the_older_one(settings: Settings) -> None:
    facts = {"delivery": "snapshot", "filePattern": r"(?P<period>\d+)\.csv", "versionColumn": "n"}
    contracts = contract_of({**facts, "maxShrink": 1}, *COLUMNS)
    deliver(settings, "shop/201701.csv", _file("1,1", "2,9"))
    deliver(settings, "shop/201702.csv", _file("1,1"))
    land(settings, contracts)
    assert _ids(settings) == {"1"}


def test_whole_numbers_of_versions_are_compared_as_numbers(settings: Settings) -> None:
    contracts = contract_of({"delivery": "snapshot", "versionColumn": "n"}, *COLUMNS)
    deliver(settings, "shop/b.csv", _file("1,9"))
    land(settings, contracts)
    deliver(settings, "shop/a.csv", _file("2,10"))
    land(settings, contracts)
    deliver(settings, "shop/c.csv", _file("3,9", "4,9"))
    land(settings, contracts)
    assert _ids(settings) == {"2"}


def _in_one_run(folder: Path, contracts: dict[str, ChannelContract], times: dict[str, int]) -> Settings:
    settings = Settings(home=folder / "home", inbox=folder / "inbox", key="k" * 32)
    migrate(settings)
    for name, time in times.items():
        path = deliver(settings, f"shop/{name}.csv", _file(f"{name},1"))
        os.utime(path, (time, time))
    land(settings, contracts)
    return settings


@pytest.mark.parametrize(("times", "current"), [({"a": 100, "b": 200}, "b"), ({"a": 200, "b": 100}, "a")])
def test_among_files_first_seen_in_one_run_the_later_modified_is_newer(
    tmp_path: Path, times: dict[str, int], current: str
) -> None:
    settings = _in_one_run(tmp_path, contract_of({"delivery": "snapshot"}, *COLUMNS), times)
    assert _ids(settings) == {current}


def test_a_delivery_says_when_its_file_was_modified(tmp_path: Path) -> None:
    settings = _in_one_run(tmp_path, contract_of({}, *COLUMNS), {"a": 1_700_000_000})
    assert query_state(settings, "select modified_at from deliveries") == [
        (datetime(2023, 11, 14, 22, 13, 20),)
    ]


def test_a_later_touch_or_copy_of_a_file_changes_nothing_that_was_recorded(tmp_path: Path) -> None:
    contracts = contract_of({"delivery": "snapshot"}, *COLUMNS)
    settings = _in_one_run(tmp_path, contracts, {"a": 100, "b": 200})
    os.utime(settings.inbox_dir / "shop" / "a.csv", (900, 900))
    land(settings, contracts)
    with connect_state(settings) as con:
        con.execute("update loads set is_current = not is_current, version_order = ''")
        deliveries.mark_current(con, "shop", contracts["shop"].export("sales"))
    assert _ids(settings) == {"b"}


def test_a_file_that_looks_the_same_is_not_read_again(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    contracts = contract_of({}, *COLUMNS)
    path = deliver(settings, "shop/a.csv", _file("1,1"))
    monkeypatch.setattr("cdp_assets.landing.new_files.TICK_SECONDS", -1)
    land(settings, contracts)
    read: list[Path] = []
    monkeypatch.setattr("cdp_assets.landing.new_files.hash_file", lambda path: read.append(path) or "0" * 64)
    assert land(settings, contracts).exports[0].files_known == 1
    assert read == []
    path.touch()
    land(settings, contracts)
    assert read == [path]
