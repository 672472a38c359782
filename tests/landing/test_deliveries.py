"""A file is its SHA-256: it lands once; the delivery rule and the record of deliveries say what it replaces."""

from __future__ import annotations

from pathlib import Path

import pytest

from cdp_assets.keys import pseudonym
from cdp_assets.landing import landing_status
from cdp_assets.settings import Settings
from cdp_assets.state import connect_state, migrate
from tests.landing.builders import contract_of, deliver, land, landed, query_state

COLUMNS = ({"name": "id"}, {"name": "n", "logicalType": "integer"})


def _file(*rows: str) -> str:
    return "id,n\n" + "".join(f"{row}\n" for row in rows)


def test_the_same_bytes_land_once_under_any_name_and_however_often(settings: Settings) -> None:
    contracts = contract_of({}, *COLUMNS)
    deliver(settings, "shop/a.csv", _file("1,1"))
    land(settings, contracts)
    deliver(settings, "shop/b.csv", _file("1,1"))
    report = land(settings, contracts)
    assert (
        report.exports[0].files_landed,
        report.exports[0].files_known,
        report.exports[0].files_duplicate,
    ) == (0, 1, 1)
    assert land(settings, contracts).exports[0].files_known == 2
    assert landed(settings, "shop", "sales", "id") == [("1",)]
    assert query_state(settings, "select file_name, status from loads order by 1") == [
        ("a.csv", "landed"),
        ("b.csv", "duplicate_file"),
    ]


def test_new_bytes_under_the_same_name_are_a_new_version_and_both_are_kept(settings: Settings) -> None:
    contracts = contract_of({"replaces": "file_name"}, *COLUMNS)
    deliver(settings, "shop/a.csv", _file("1,1"))
    land(settings, contracts)
    deliver(settings, "shop/a.csv", _file("1,2"))
    land(settings, contracts)
    assert query_state(settings, "select count(*), count(*) filter (where is_current) from loads") == [(2, 1)]
    assert len(landed(settings, "shop", "sales", current=False)) == 2
    assert len(list(settings.originals_dir.glob("*/*"))) == 2


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ({"delivery": "append"}, {"1", "2", "3", "4"}),
        ({"delivery": "append", "replaces": "period"}, {"2", "3", "4"}),
        ({"delivery": "snapshot", "replaces": "period"}, {"4"}),
    ],
)
def test_what_is_current_does_not_depend_on_the_order_of_arrival(
    tmp_path: Path, facts: dict[str, str], expected: set[str]
) -> None:
    pattern = {"filePattern": r"(?P<period>\d{4}-\d{2}).*\.csv", "versionColumn": "n"}
    contracts = contract_of({**facts, **pattern}, *COLUMNS)
    files = {
        "2017-01 a.csv": _file("1,1"),
        "2017-01 b.csv": _file("2,2"),
        "2017-02.csv": _file("3,3"),
        "2017-03.csv": _file("4,4"),
    }
    for number, order in enumerate([list(files), list(reversed(files))]):
        settings = Settings(home=tmp_path / f"{number}", inbox=tmp_path / f"inbox{number}", key="k" * 32)
        migrate(settings)
        for name in order:
            deliver(settings, f"shop/{name}", files[name])
            land(settings, contracts)
        assert {row[0] for row in landed(settings, "shop", "sales", "id")} == expected


def test_the_last_file_is_that_of_the_latest_period_whichever_came_first(settings: Settings) -> None:
    contracts = contract_of({"filePattern": r"s_(?P<period>\d{4}-\d{2})\.csv"}, *COLUMNS)
    for name in ("s_2024-02.csv", "s_2024-03.csv", "s_2024-01.csv"):
        deliver(settings, f"shop/{name}", _file(f"{name[7:9]},1"))
        land(settings, contracts)
    assert landing_status(settings, contracts).exports[0].last_file == "s_2024-03.csv"


def test_snapshot_parts_do_not_replace_each_other(settings: Settings) -> None:
    pattern = r"(?P<part>yes|no)_(?P<period>\d+)\.csv"
    contracts = contract_of({"delivery": "snapshot", "filePattern": pattern}, *COLUMNS)
    for name, row in {"yes_1": "1,1", "yes_2": "2,1", "no_1": "3,1"}.items():
        deliver(settings, f"shop/{name}.csv", _file(row))
    land(settings, contracts)
    assert landed(settings, "shop", "sales", "id, _part, _period") == [("3", "no", "1"), ("2", "yes", "2")]


def test_natural_keys_are_pseudonyms_of_the_phone_or_of_the_fall_back(settings: Settings) -> None:
    key = {
        "name": "customer",
        "columns": ["phone"],
        "pattern": "^1[3-9][0-9]{9}$",
        "strip": ["country_code_86"],
        "fallback": ["nick", "since"],
    }
    contracts = contract_of({"naturalKeys": [key]}, {"name": "phone"}, {"name": "nick"}, {"name": "since"})
    deliver(
        settings,
        "shop/a.csv",
        "phone,nick,since\n+86 139-1234-5678,,\n13912345678,x,\n186******05,Bo,2017\n,,2017\n",
    )
    land(settings, contracts)
    phone = pseudonym(b"test-key-of-at-least-thirty-two-bytes", "customer", "shop", "13912345678")
    fall_back = pseudonym(b"test-key-of-at-least-thirty-two-bytes", "customer", "shop", "Bo|2017")
    assert landed(settings, "shop", "sales", "_key_customer") == [(phone,), (phone,), (fall_back,), (None,)]


def test_rows_of_suppressed_customers_are_counted_as_erased_and_do_not_land(settings: Settings) -> None:
    facts = {
        "naturalKeys": [{"name": "customer", "columns": ["phone"]}],
        "delivery": "delta",
        "replaces": "key",
    }
    contracts = contract_of(facts, {"name": "phone"}, {"name": "id", "primaryKey": True})
    erased = [
        pseudonym(b"test-key-of-at-least-thirty-two-bytes", "customer", "shop", "139"),
        pseudonym(b"test-key-of-at-least-thirty-two-bytes", "record", "shop", "7"),
    ]
    with connect_state(settings) as con:
        con.executemany("insert into suppressions values ('record', ?, null)", [[each] for each in erased])
    deliver(settings, "shop/a.csv", "phone,id\n139,1\n138,2\n137,7\n")
    report = land(settings, contracts)
    assert (report.exports[0].landed_rows, report.exports[0].erased_rows) == (1, 2)
    assert landed(settings, "shop", "sales", "id") == [("2",)]
