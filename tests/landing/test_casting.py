"""The quick ways of reading a cell give what the plain ways give."""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cdp_assets.landing import files, parse
from cdp_assets.landing.contract import Column, Export
from cdp_assets.landing.held import FileHeld
from cdp_assets.landing.readers.text import TextSource
from cdp_assets.landing.typed.casts import WHITESPACE, cast_column, trim

ISO = ["%Y-%m-%d", "%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M:%S", "%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S%z"]
PARTS = {
    "%Y": ["0000", "0001", "1899", "1900", "2019", "2020", "9999"],
    "%m": ["0", "00", "1", "02", "9", "12", "13"],
    "%d": ["0", "1", "09", "28", "29", "30", "31", "32"],
    "%H": ["0", "00", "7", "23", "24", "25", "99"],
    "%M": ["0", "05", "59", "60"],
    "%S": ["0", "00", "59", "60", "61"],
    "%z": ["Z", "+0000", "+05:30", "-1100", "+9959", "-24:00", "+0060"],
}


@pytest.fixture(scope="module")
def con() -> duckdb.DuckDBPyConnection:
    found = duckdb.connect()
    found.execute("set TimeZone = 'UTC'")
    return found


@given(st.text(alphabet=f"{WHITESPACE}ab~!\x7fé张\x01", max_size=6))
def test_trimming_leaves_what_stands_within_white_space(con: duckdb.DuckDBPyConnection, text: str) -> None:
    assert con.execute(f"select {trim('cell')} from (select ? as cell)", [text]).fetchall() == [
        (text.strip(WHITESPACE),)
    ]


@pytest.mark.parametrize("format_", ISO)
def test_a_time_in_iso_form_is_what_strptime_makes_of_it(
    con: duckdb.DuckDBPyConnection, format_: str
) -> None:
    column = Column.model_validate(
        {
            "name": "at",
            "physicalName": "at",
            "logicalType": "timestamp",
            "classification": "internal",
            "customProperties": [{"property": "formats", "value": [format_]}],
        }
    )
    export = Export.model_validate(
        {
            "name": "events",
            "properties": [column.model_dump(by_alias=True)],
            "customProperties": [{"property": "filePattern", "value": ".*"}],
        }
    )
    cast = cast_column(export, column, "null")
    texts = "(select '' as t)"
    for piece in filter(None, re.split("(%.)", format_)):
        choices = ", ".join(f"('{each}')" for each in PARTS.get(piece, [piece]))
        texts = f"(select t || v as t from {texts} cross join (values {choices}) as choices (v))"
    strptime = f"try_strptime(regexp_replace(t, 'Z$', '+0000'), '{format_}')"
    instant = f"({strptime} at time zone 'UTC')" if "%z" in format_ else strptime
    differing, read = con.execute(
        f"select count(*) filter (where value is distinct from expected), count(expected) from ("
        f'select {cast.value} as value, ({instant})::timestamp as expected from (select t, t as "{cast.text_name}" from {texts}))'
    ).fetchall()[0]
    assert (differing, read > 0) == (0, True)


@pytest.mark.parametrize("tail", [b"plain\n", b"\xff\n", b""])
def test_a_character_that_is_cut_between_two_blocks_is_whole_or_refused(tmp_path: Path, tail: bytes) -> None:
    path = tmp_path / "text"
    whole = b"a" * (files.BLOCK - 1) + "é".encode()
    path.write_bytes(whole + b"plain\n" if tail == b"plain\n" else whole[:-1] + tail)
    with TextSource(path, False, path.stat().st_size).open() as stream:
        if tail == b"plain\n":
            assert stream.read().decode().endswith("aéplain\n")
        else:
            with pytest.raises(FileHeld, match="not utf-8"):
                stream.read()


def test_the_parser_casts_each_cell_once(tmp_path: Path) -> None:
    with parse.open_parser([tmp_path], "200MB", 1, b"key", []) as con:
        assert con.execute("select current_setting('disabled_optimizers')").fetchall() == [
            ("filter_pushdown",)
        ]


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("3-Sep", "id_turned_into_a_date"),
        ("Mar-12", "id_turned_into_a_date"),
        ("12-Mar-2017", "id_turned_into_a_date"),
        ("46239.4375", "id_turned_into_a_date"),
        ("46239.437500000001", "id_turned_into_a_date"),
        ("1.23457E+18", "id_in_scientific_notation"),
        ("#REF!", "spreadsheet_error"),
        ("MAR-12", None),
        ("46239", None),
        ("46239.0", None),
        ("6000000000002.0", "id_with_decimals"),
        ("6000000000002.00", "id_with_decimals"),
        ("1000296130.10", None),
        ("20000.1480659343", None),
        ("1000296130.1480659343", None),
        ("32-Sep", None),
    ],
)
def test_an_id_that_a_spreadsheet_took_for_a_day_or_an_amount_is_none(
    con: duckdb.DuckDBPyConnection, text: str, reason: str | None
) -> None:
    column = Column.model_validate(
        {"name": "order_id", "physicalName": "Id", "logicalType": "string", "classification": "internal"}
    )
    export = Export.model_validate(
        {
            "name": "orders",
            "properties": [column.model_dump(by_alias=True)],
            "customProperties": [{"property": "filePattern", "value": ".*"}],
        }
    )
    cast = cast_column(export, column, "null")
    assert con.execute(f'select {cast.reason} from (select ? as "{cast.text_name}")', [text]).fetchall() == [
        (reason,)
    ]
