"""A delivery that takes away much of an export waits for a person; the last good load stays in force."""

from __future__ import annotations

from typing import Any

import pytest

from cdp_assets.landing.delivery_checks import NothingToAccept, accept, newly_held
from cdp_assets.settings import Settings
from tests.landing.builders import contract_of, deliver, held_reasons, land, landed, query_state

COLUMNS = ({"name": "id"}, {"name": "n", "logicalType": "integer"})
SNAPSHOT = {"delivery": "snapshot", "filePattern": r"(?P<period>\d+)\.csv"}
REDELIVERED = {"replaces": "period", "filePattern": r"(?P<period>\d+)\.csv"}
DELTA = {"delivery": "delta", "replaces": "key", "filePattern": r"(?P<period>\d+)\.csv"}
KEYED = ({"name": "id", "primaryKey": True}, COLUMNS[1])


def _rows(count: int, bad: int = 0) -> str:
    return "id,n\n" + "".join(f"{row},{'x' if row < bad else row}\n" for row in range(count))


def _count(settings: Settings) -> int:
    return len(landed(settings, "shop", "sales", "id"))


@pytest.mark.parametrize(
    ("rules", "columns", "second"),
    [(SNAPSHOT, COLUMNS, "201702"), (REDELIVERED, COLUMNS, "201701"), (DELTA, KEYED, "201701")],
)
@pytest.mark.parametrize(("rows", "is_held"), [(80, False), (79, True)])
def test_a_fifth_fewer_rows_land_and_more_are_held(
    settings: Settings, rules: dict[str, Any], columns: Any, second: str, rows: int, is_held: bool
) -> None:
    contracts = contract_of(rules, *columns)
    deliver(settings, "shop/201701.csv", _rows(100))
    land(settings, contracts)
    deliver(settings, f"shop/{second}.csv", _rows(rows))
    report = land(settings, contracts, "second")
    assert held_reasons(report) == ({f"{second}.csv": "shrinks_export"} if is_held else {})
    assert newly_held(settings, "second") == (
        [f"shop/{second}.csv: it has 79 rows, 21% fewer than the 100 that it would replace"]
        if is_held
        else []
    )
    assert len({row[0] for row in landed(settings, "shop", "sales", "id")}) == (
        100 if is_held or columns is KEYED else 80
    )


def test_a_delta_without_a_period_in_its_name_may_be_of_any_size(settings: Settings) -> None:
    contracts = contract_of({"delivery": "delta", "replaces": "key"}, *KEYED)
    deliver(settings, "shop/orders.csv", _rows(100))
    land(settings, contracts)
    deliver(settings, "shop/orders.csv", _rows(3))
    assert held_reasons(land(settings, contracts)) == {}


@pytest.mark.parametrize(
    ("rows", "bad", "is_held"), [(100, 20, False), (100, 21, True), (4, 2, False), (4, 3, True)]
)
def test_a_file_of_which_a_fifth_breaks_the_contract_is_held(
    settings: Settings, rows: int, bad: int, is_held: bool
) -> None:
    deliver(settings, "shop/a.csv", _rows(rows, bad))
    report = land(settings, contract_of({"maxQuarantined": 0.2}, *COLUMNS))
    assert held_reasons(report) == ({"a.csv": "mostly_quarantined"} if is_held else {})
    if is_held:
        assert "not_a_number in n" in report.held[0].detail or "in n" in report.held[0].detail
    assert _count(settings) == (0 if is_held else rows - bad)


def _held(settings: Settings) -> dict[str, Any]:
    contracts = contract_of(SNAPSHOT, *COLUMNS)
    deliver(settings, "shop/201701.csv", _rows(100))
    land(settings, contracts, "first")
    deliver(settings, "shop/201702.csv", _rows(10))
    land(settings, contracts, "second")
    return contracts


def test_a_held_delivery_is_told_of_once_and_waits_until_it_is_accepted(settings: Settings) -> None:
    contracts = _held(settings)
    assert held_reasons(land(settings, contracts, "third")) == {"201702.csv": "shrinks_export"}
    assert (len(newly_held(settings, "second")), newly_held(settings, "third")) == (1, [])
    accept(settings, "shop/201702.csv", "the shop closed")
    assert held_reasons(land(settings, contracts)) == {}
    assert _count(settings) == 10
    assert query_state(settings, "select ruling, reason from delivery_rulings order by ruling_number") == [
        ("held", None),
        ("accepted", "the shop closed"),
    ]


def test_an_accepted_file_that_is_gone_from_the_inbox_lands_from_its_original(settings: Settings) -> None:
    contracts = _held(settings)
    (settings.inbox_dir / "shop" / "201702.csv").unlink()
    assert held_reasons(land(settings, contracts)) == {"201702.csv": "shrinks_export"}
    accept(settings, "201702.csv", "right")
    land(settings, contracts)
    assert _count(settings) == 10


def test_the_whole_file_after_a_held_cut_one_lands_without_a_word(settings: Settings) -> None:
    contracts = _held(settings)
    deliver(settings, "shop/201702.csv", _rows(101))
    assert held_reasons(land(settings, contracts)) == {}
    assert _count(settings) == 101
    with pytest.raises(NothingToAccept):
        accept(settings, "shop/201702.csv", "late")


def test_a_small_old_content_that_comes_back_is_held_like_any_other(settings: Settings) -> None:
    contracts = contract_of(REDELIVERED, *COLUMNS)
    for rows, expected in ((10, 10), (100, 100), (10, 100)):
        deliver(settings, "shop/201701.csv", _rows(rows))
        report = land(settings, contracts)
        assert _count(settings) == expected
    assert held_reasons(report) == {"201701.csv": "shrinks_export"}
    accept(settings, "shop/201701.csv", "right")
    land(settings, contracts)
    assert _count(settings) == 10


def test_a_held_delivery_leaves_no_rows_in_landing_and_lands_when_the_contract_is_mended(
    settings: Settings,
) -> None:
    deliver(settings, "shop/a.csv", _rows(100, 50))
    land(settings, contract_of({"maxQuarantined": 0.2}, *COLUMNS))
    assert [path.name for path in (settings.landing_dir / "shop" / "sales").glob("*.parquet")] == [
        "_empty.parquet"
    ]
    assert query_state(settings, "select status, landed_rows, quarantined_rows from loads") == [
        ("held", 0, 50)
    ]
    report = land(settings, contract_of({"maxQuarantined": 0.2}, COLUMNS[0], {"name": "n"}))
    assert held_reasons(report) == {}
    assert _count(settings) == 100


def test_accepting_what_is_not_held_names_what_is(settings: Settings) -> None:
    _held(settings)
    with pytest.raises(NothingToAccept, match=r"shop/201702\.csv"):
        accept(settings, "nothing.csv", "why not")
