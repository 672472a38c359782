"""Rows of small files with every quirk in them land typed, or go to quarantine with line, reason and their own text."""

from __future__ import annotations

import gzip
from datetime import date, datetime
from decimal import Decimal

import pytest

from cdp_assets.landing import landing_status, parse
from cdp_assets.landing.readers.delimited import kept_rows as delimited_kept_rows
from cdp_assets.settings import Settings
from tests.landing.builders import contract_of, deliver, held_reasons, land, landed, quarantined

SALES = (
    {"name": "order_id", "required": True},
    {"name": "amount", "logicalType": "number"},
    {"name": "sold_on", "logicalType": "date", "facts": {"formats": ["%Y-%m-%d"]}},
)


def test_a_clean_file_lands_typed(settings: Settings) -> None:
    deliver(settings, "shop/a.csv", "order_id,amount,sold_on\n007,12.50,2017-02-28\n008,-1,\n")
    report = land(settings, contract_of({}, *SALES))
    assert (report.exports[0].parsed_rows, report.exports[0].landed_rows) == (2, 2)
    assert landed(settings, "shop", "sales", "order_id, amount, sold_on, _line") == [
        ("007", Decimal("12.50"), date(2017, 2, 28), 2),
        ("008", Decimal("-1.00"), None, 3),
    ]


@pytest.mark.parametrize(
    "amount", ["1e3", "1_000", "0x1F", "NaN", "inf", "12.345", "1,5", "--1", "1.2.3", "١٢"]
)
def test_what_is_no_number_is_quarantined_not_cast(settings: Settings, amount: str) -> None:
    line = f'1,"{amount}",2017-01-01'
    deliver(settings, "shop/a.csv", f"order_id,amount,sold_on\n{line}\n2,2,2017-01-01\n")
    land(settings, contract_of({}, *SALES))
    assert quarantined(settings, "shop", "sales") == [(2, "not_a_number", "amount", line)]
    assert landed(settings, "shop", "sales", "order_id") == [("2",)]


@pytest.mark.parametrize("text", ["12.7", "0x1F", "1_000", "1e3", "", "NaN"])
def test_what_is_no_integer_is_no_integer(settings: Settings, text: str) -> None:
    contracts = contract_of({}, {"name": "id"}, {"name": "n", "logicalType": "integer", "required": True})
    deliver(settings, "shop/a.csv", f"id,n\n1,{text}\n2,+3\n")
    land(settings, contracts)
    assert landed(settings, "shop", "sales", "id, n") == [("2", 3)]
    assert [row[0] for row in quarantined(settings, "shop", "sales")] == [2]


@pytest.mark.parametrize("text", ["2017-02-30", "2017-13-01", "17-01-01", "2017-01-01x", "0001-01-01"])
def test_impossible_dates_are_quarantined(settings: Settings, text: str) -> None:
    deliver(settings, "shop/a.csv", f"order_id,amount,sold_on\n1,1,{text}\n2,2,2017-01-01\n")
    land(settings, contract_of({}, *SALES))
    assert quarantined(settings, "shop", "sales")[0][2] == "sold_on"


def test_rows_of_another_width_keep_their_text_and_line(settings: Settings) -> None:
    deliver(
        settings,
        "shop/a.csv",
        'order_id,amount,sold_on\n1,1,2017-01-01\n2,2\n3,3,2017-01-03,x\n"4"x,4,2017-01-04\n5,5,\n',
    )
    land(settings, contract_of({}, *SALES))
    assert quarantined(settings, "shop", "sales") == [
        (3, "too_few_cells", None, "2,2"),
        (4, "too_many_cells", None, "3,3,2017-01-03,x"),
        (5, "malformed_row", None, '"4"x,4,2017-01-04'),
    ]
    assert landed(settings, "shop", "sales", "order_id, _line") == [("1", 2), ("5", 6)]


def test_line_breaks_in_cells_and_blank_lines_keep_physical_line_numbers(settings: Settings) -> None:
    deliver(
        settings,
        "shop/a.csv",
        'order_id,amount,sold_on\r\n"a\r\nb",1,2017-01-01\r\n\r\nc,x,2017-01-01\r\nd,2,\r\n',
    )
    land(settings, contract_of({}, *SALES))
    assert landed(settings, "shop", "sales", "order_id, _line") == [("a\r\nb", 2), ("d", 6)]
    assert quarantined(settings, "shop", "sales") == [(5, "not_a_number", "amount", "c,x,2017-01-01")]


def test_a_large_file_is_read_by_several_processors_and_each_row_keeps_its_line(
    settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = 400_000
    assert parse.KEPT_BYTES[0] < rows * 42
    text = "".join(f"{n:040d},{'x' if n == rows - 7 else n}\n" for n in range(2, rows + 2))
    kept = list[str]()
    monkeypatch.setattr(
        "cdp_assets.landing.parse.delimited.kept_rows",
        lambda *given: kept.append("read") or delimited_kept_rows(*given),
    )
    deliver(settings, "shop/a.csv", f"id,n\n{text}")
    land(settings, contract_of({}, {"name": "id"}, {"name": "n", "logicalType": "integer"}))
    assert kept == ["read"]
    found = landed(settings, "shop", "sales", "n, _line")
    assert len(found) == rows - 1
    assert all(n == line for n, line in found)
    ((line, reason, *_),) = quarantined(settings, "shop", "sales")
    assert (line, reason) == (rows - 7, "not_an_integer")


def test_a_cell_under_no_header_is_not_lost(settings: Settings) -> None:
    deliver(settings, "shop/a.csv", "id,n,,\n1,1,,\n2,2,, x\n3,3, ,\n")
    land(settings, contract_of({}, {"name": "id"}, {"name": "n", "logicalType": "integer"}))
    assert landed(settings, "shop", "sales", "id") == [("1",), ("3",)]
    assert quarantined(settings, "shop", "sales") == [(3, "cell_without_header", None, "2,2,, x")]


def test_the_status_says_why_rows_are_in_quarantine_and_where(settings: Settings) -> None:
    deliver(settings, "shop/a.csv", "id,n\n1,x\n2,2\n3,y\n")
    deliver(settings, "shop/b.csv", "id,n\n4,z\n,5\n")
    contracts = contract_of({}, {"name": "id", "required": True}, {"name": "n", "logicalType": "integer"})
    land(settings, contracts)
    found = landing_status(settings, contracts).quarantined
    assert [(each.reason_code, each.column_name, each.rows, each.first) for each in found] == [
        ("not_an_integer", "n", 3, "a.csv, line 2"),
        ("required_value_missing", "id", 1, "b.csv, line 3"),
    ]


def test_null_tokens_prefixes_marks_and_symbols_follow_the_contract(settings: Settings) -> None:
    contracts = contract_of(
        {"nullTokens": ["--", "——"], "thousandsMark": ","},
        {"name": "zip", "facts": {"strip": ["apostrophe"]}},
        {"name": "money", "logicalType": "number", "facts": {"strip": ["currency"]}},
        {"name": "phone", "facts": {"strip": ["excel_text"]}},
        {"name": "customer", "facts": {"strip": ["decimal_zero"]}},
    )
    deliver(
        settings,
        "shop/a.csv",
        "zip,money,phone,customer\n"
        '\'01234,"$1,240.00","=""0044123""",17850.0\n'
        "--,-$12.00,——,0017\n"
        " ,($3.50),\t+1,17850.5\n"
        '1,"12,40",,\n',
    )
    land(settings, contracts)
    assert landed(settings, "shop", "sales", "zip, money, phone, customer") == [
        ("01234", Decimal("1240.00"), "0044123", "17850"),
        (None, Decimal("-12.00"), None, "0017"),
        (None, Decimal("-3.50"), "+1", "17850.5"),
    ]
    assert [row[1:3] for row in quarantined(settings, "shop", "sales")] == [("not_a_number", "money")]


def test_european_decimal_marks_are_declared_not_guessed(settings: Settings) -> None:
    contracts = contract_of(
        {"delimiter": ";", "decimalMark": ",", "thousandsMark": "."},
        {"name": "id"},
        {"name": "x", "logicalType": "number"},
    )
    deliver(settings, "shop/a.csv", "id;x\n1;1.234,50\n2;12,5\n3;12.5\n4;1.23.4,5\n")
    land(settings, contracts)
    assert landed(settings, "shop", "sales", "x") == [(Decimal("1234.50"),), (Decimal("12.50"),)]
    assert len(quarantined(settings, "shop", "sales")) == 2


def test_a_file_shape_may_have_marks_of_its_own(settings: Settings) -> None:
    shape = {"filePattern": "de.*", "delimiter": ";", "decimalMark": ",", "thousandsMark": "."}
    facts = {"dialects": [shape], "thousandsMark": ","}
    contracts = contract_of(facts, {"name": "id"}, {"name": "x", "logicalType": "number"})
    deliver(settings, "shop/de.csv", "id;x\n1;1.234,50\n2;1.234.50\n")
    deliver(settings, "shop/uk.csv", 'id,x\n3,"1,234.50"\n')
    land(settings, contracts)
    assert landed(settings, "shop", "sales", "id, x") == [
        ("1", Decimal("1234.50")),
        ("3", Decimal("1234.50")),
    ]
    assert [row[1] for row in quarantined(settings, "shop", "sales")] == ["not_a_number"]


def test_a_time_zone_may_be_fixed_in_the_text_or_per_row(settings: Settings) -> None:
    contracts = contract_of(
        {
            "timeZoneColumn": "zone",
            "timeZoneNames": {"Eastern Time (US & Canada)": "America/New_York", "London": "Europe/London"},
        },
        {"name": "id"},
        {"name": "zone"},
        {
            "name": "sold_at",
            "physicalName": "at",
            "logicalType": "timestamp",
            "facts": {"formats": ["%Y-%m-%d %H:%M:%S"]},
        },
        {"name": "seen", "logicalType": "timestamp", "facts": {"formats": ["%Y-%m-%d %H:%M:%S %z"]}},
    )
    deliver(
        settings,
        "shop/a.csv",
        "id,zone,at,seen\n"
        "1,Eastern Time (US & Canada),2017-07-01 12:00:00,2017-07-01 12:00:00 +0800\n"
        "2,London,2017-01-01 12:00:00,2017-07-01 12:00:00 -0400\n"
        "3,Mars,2017-01-01 12:00:00,\n"
        "4,Eastern Time (US & Canada),2017-03-12 02:30:00,\n"
        "5,Eastern Time (US & Canada),2017-11-05 01:30:00,\n",
    )
    report = land(settings, contracts)
    assert landed(settings, "shop", "sales", "id, sold_at, seen") == [
        ("1", datetime(2017, 7, 1, 16), datetime(2017, 7, 1, 4)),
        ("2", datetime(2017, 1, 1, 12), datetime(2017, 7, 1, 16)),
        ("5", datetime(2017, 11, 5, 6, 30), None),
    ]
    assert [row[1:3] for row in quarantined(settings, "shop", "sales")] == [
        ("unknown_time_zone", "sold_at"),
        ("nonexistent_local_time", "sold_at"),
    ]
    assert report.exports[0].ambiguous_time_rows == 1


def test_duplicate_header_names_are_told_apart_by_position(settings: Settings) -> None:
    contracts = contract_of(
        {},
        {"name": "seller", "physicalName": "分销员"},
        {"name": "amount"},
        {"name": "second_seller", "physicalName": "分销员", "facts": {"occurrence": 2}},
    )
    deliver(settings, "shop/a.csv", "分销员,amount,分销员\na,1,b\n")
    land(settings, contracts)
    assert landed(settings, "shop", "sales", "seller, second_seller") == [("a", "b")]


def test_blank_continuation_cells_take_the_first_row_of_their_key(settings: Settings) -> None:
    contracts = contract_of(
        {"fillDownKey": "name"},
        {"name": "name", "required": True},
        {"name": "total", "logicalType": "number", "facts": {"fillDown": True}},
        {"name": "note", "facts": {"fillDown": True}},
        {"name": "item"},
    )
    deliver(settings, "shop/a.csv", "name,total,note,item\n#1,10,,a\n#1,,,b\n#2,20,n,c\n#2,,,d\n,,,e\n")
    land(settings, contracts)
    assert landed(settings, "shop", "sales", "name, total, note, item") == [
        ("#1", 10, None, "a"),
        ("#1", 10, None, "b"),
        ("#2", 20, "n", "c"),
        ("#2", 20, "n", "d"),
    ]


def test_a_key_that_is_filled_down_itself_stands_on_the_first_row_only(settings: Settings) -> None:
    contracts = contract_of(
        {"fillDownKey": "name"},
        {"name": "name", "required": True, "facts": {"fillDown": True}},
        {"name": "total", "logicalType": "number", "facts": {"fillDown": True}},
        {"name": "item"},
    )
    deliver(settings, "shop/a.csv", "name,total,item\n,,z\n#1,10,a\n,,b\n#2,20,c\n,,d\n")
    land(settings, contracts)
    assert landed(settings, "shop", "sales", "name, total, item") == [
        ("#1", 10, "a"),
        ("#1", 10, "b"),
        ("#2", 20, "c"),
        ("#2", 20, "d"),
    ]
    assert [row[1:3] for row in quarantined(settings, "shop", "sales")] == [
        ("required_value_missing", "name")
    ]


def test_preamble_and_footer_rows_are_no_data(settings: Settings) -> None:
    contracts = contract_of(
        {"preambleRows": 2, "footerPrefixes": ["Total:"]},
        {"name": "day"},
        {"name": "cost", "logicalType": "number"},
    )
    deliver(
        settings,
        "shop/a.csv",
        'Campaign report\n"1 Jan, 2017 - 2 Jan"\nday,cost\n1,2\n2,3\nTotal: Account,5\n"Total: x",5\n',
    )
    report = land(settings, contracts)
    assert landed(settings, "shop", "sales", "day, cost, _line") == [("1", 2, 4), ("2", 3, 5)]
    assert report.exports[0].parsed_rows == 2


def test_an_extra_column_lands_and_is_reported(settings: Settings) -> None:
    deliver(settings, "shop/a.csv", "order_id,amount,Loyalty Tier,sold_on\n1,1,gold,2017-01-01\n")
    report = land(settings, contract_of({}, *SALES))
    assert report.exports[0].extra_columns == ["extra_loyalty_tier"]
    assert landed(settings, "shop", "sales", "order_id, extra_loyalty_tier") == [("1", "gold")]


def test_the_newest_row_of_a_declared_key_lands_and_the_others_count_as_duplicates(
    settings: Settings,
) -> None:
    contracts = contract_of(
        {"delivery": "snapshot", "replaces": "key", "versionColumn": "v"},
        {"name": "id", "primaryKey": True, "primaryKeyPosition": 1},
        {"name": "v", "logicalType": "integer"},
    )
    deliver(settings, "shop/a.csv", "id,v\n1,3\n1,2\n2,1\n,1\n,1\n")
    report = land(settings, contracts)
    assert landed(settings, "shop", "sales", "id, v") == [("1", 3), ("2", 1), (None, 1), (None, 1)]
    assert report.exports[0].duplicate_rows == 1


def test_equal_lines_without_a_key_are_two_lines(settings: Settings) -> None:
    deliver(settings, "shop/a.csv", "order_id,amount,sold_on\n1,1,\n1,1,\n")
    land(settings, contract_of({}, *SALES))
    assert len(landed(settings, "shop", "sales")) == 2


def test_ndjson_paths_and_keyed_arrays_are_flattened(settings: Settings) -> None:
    contracts = contract_of(
        {"format": "ndjson", "filePattern": r".*\.ndjson", "keyedArrays": ["params"]},
        {"name": "event", "required": True},
        {
            "name": "event_at",
            "physicalName": "at",
            "logicalType": "timestamp",
            "facts": {"formats": ["epoch_us"]},
        },
        {"name": "session", "physicalName": "params.ga_session_id", "facts": {"optional": True}},
        {"name": "category", "physicalName": "device.category", "facts": {"optional": True}},
    )
    deliver(
        settings,
        "shop/a.ndjson",
        '{"event":"view","at":"1617691790431476","params":[{"key":"ga_session_id","value":{"string_value":null,'
        '"int_value":"16176"}}],"device":{"category":"desktop"},"new_key":{"a":1}}\n'
        "not json\n"
        "[1]\n"
        '{"event":"buy","at":1617691790431476,"params":[]}\n',
    )
    report = land(settings, contracts)
    at = datetime(2021, 4, 6, 6, 49, 50, 431476)
    assert landed(settings, "shop", "sales", "event, event_at, session, category, extra_new_key, _line") == [
        ("view", at, "16176", "desktop", '{"a":1}', 1),
        ("buy", at, None, None, None, 4),
    ]
    assert quarantined(settings, "shop", "sales") == [
        (2, "not_json", None, "not json"),
        (3, "not_an_object", None, "[1]"),
    ]
    assert report.exports[0].parsed_rows == 4


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "gb18030", "cp1252", "shift_jis"])
def test_declared_encodings_are_read_strictly(settings: Settings, encoding: str) -> None:
    word = {"cp1252": "Café", "shift_jis": "花子"}.get(encoding, "小明")
    contracts = contract_of({"encoding": encoding.replace("-sig", "")}, {"name": "id"}, {"name": "name"})
    deliver(settings, "shop/a.csv", f"id,name\n1,{word}\n".encode(encoding))
    deliver(settings, "shop/b.csv", gzip.compress(f"id,name\n2,{word}\n".encode(encoding)))
    land(settings, contracts)
    assert landed(settings, "shop", "sales", "name") == [(word,), (word,)]


@pytest.mark.parametrize("encoding", ["utf-16-le", "utf-16-be"])
def test_text_of_two_bytes_a_character_is_told_without_its_mark(settings: Settings, encoding: str) -> None:
    deliver(settings, "shop/a.csv", "id,n\n1,2\n3,4\n".encode(encoding))
    report = land(settings, contract_of({}, {"name": "id"}, {"name": "n"}))
    assert held_reasons(report) == {"a.csv": "wrong_encoding"}


def test_bytes_of_another_encoding_hold_the_file(settings: Settings) -> None:
    deliver(settings, "shop/a.csv", "order_id,amount,sold_on\n1,1,\n小明,1,\n".encode("gb18030"))
    report = land(settings, contract_of({}, *SALES))
    assert held_reasons(report) == {"a.csv": "wrong_encoding"}
    assert "line 3" in report.held[0].detail


def test_many_small_files_land_as_they_would_alone(settings: Settings) -> None:
    contracts = contract_of({}, *SALES)
    for day in range(1, 6):
        rows = "".join(f"{day}-{row},{row},2017-01-0{day}\n" for row in range(day))
        deliver(settings, f"shop/{day}.csv", "order_id,amount,sold_on\n" + rows)
    deliver(settings, "shop/bad.csv", "order_id,amount,sold_on\n9,x,\n9-1,1,\n")
    report = land(settings, contracts)
    assert report.exports[0].landed_rows == 16
    assert report.exports[0].quarantined_rows == 1
    found = landed(settings, "shop", "sales", "_file_name, _line, order_id")
    assert found == [(f"{day}.csv", row + 2, f"{day}-{row}") for day in range(1, 6) for row in range(day)] + [
        ("bad.csv", 3, "9-1")
    ]
