"""XLSX, Parquet and JSON land typed; what their readers would pass over in silence is quarantined."""

from __future__ import annotations

import io
import json
import random
import zipfile
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import openpyxl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from cdp_assets.demo.xlsx import write_workbook
from cdp_assets.settings import Settings
from tests.landing.builders import contract_of, deliver, held_reasons, land, landed, quarantined

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
TEXTS = "application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"
COLUMNS = (
    {"name": "id", "required": True},
    {"name": "phone"},
    {"name": "amount", "logicalType": "number"},
    {"name": "day", "logicalType": "date", "facts": {"formats": ["%d.%m.%Y"]}},
)


def _workbook(*rows: list[object]) -> bytes:
    book = openpyxl.Workbook()
    for row in rows:
        book.active.append(row)
    for cells in book.active.iter_rows():
        for cell in cells:
            if isinstance(cell.value, str) and cell.value.startswith("#"):
                cell.data_type = "e"
    buffer = io.BytesIO()
    book.save(buffer)
    return buffer.getvalue()


def test_a_workbook_lands_typed_and_its_silent_losses_are_quarantined(settings: Settings) -> None:
    contracts = contract_of({"format": "xlsx", "filePattern": r".*\.xlsx", "preambleRows": 1}, *COLUMNS)
    content = _workbook(
        ["Report of May"],
        ["id", "phone", "amount", "day"],
        ["007", "0139", 0.1 + 0.2, datetime(2017, 5, 1)],
        [],
        ["2", 13912345678, 1, "02.05.2017"],
        ["3", "1", "#N/A", None],
        ["4", "1", "=1+1", None],
        ["5", None, 1234567.5, date(2017, 5, 2)],
    )
    deliver(settings, "shop/a.xlsx", content)
    report = land(settings, contracts)
    assert held_reasons(report) == {}
    assert landed(settings, "shop", "sales", "id, phone, amount, day, _line") == [
        ("007", "0139", Decimal("0.30"), date(2017, 5, 1), 3),
        ("5", None, Decimal("1234567.50"), date(2017, 5, 2), 8),
    ]
    assert [row[:3] for row in quarantined(settings, "shop", "sales")] == [
        (5, "number_where_text_expected", "phone"),
        (6, "error_cell", "amount"),
        (7, "formula_without_value", "amount"),
    ]


@pytest.mark.parametrize("blank", [" ", "\u3000", "\u00a0 ", ""])
def test_rows_of_blank_cells_below_the_table_are_no_rows(settings: Settings, blank: str) -> None:
    book = openpyxl.load_workbook(
        io.BytesIO(_workbook(["id", "phone", "amount", "day"], ["007", "0139", 1, None]))
    )
    book.active.cell(3, 1).value = "8"
    book.active.cell(900, 2).value = blank
    book.active.cell(901, 3).value = blank
    buffer = io.BytesIO()
    book.save(buffer)
    deliver(settings, "shop/a.xlsx", buffer.getvalue())
    report = land(settings, contract_of({"format": "xlsx", "filePattern": r".*\.xlsx"}, *COLUMNS))
    assert held_reasons(report) == {}
    assert landed(settings, "shop", "sales", "id, _line") == [("007", 2), ("8", 3)]


def test_blank_rows_of_the_case_are_no_rows(settings: Settings, shared_dir: Path) -> None:
    """The case `xlsx_blank_rows`: cells of a space that stand in the row itself."""
    for path in sorted((shared_dir / "cases" / "xlsx_blank_rows").glob("*.xlsx")):
        deliver(settings, f"shop/{path.name}", path.read_bytes())
    columns = [
        {"name": name.lower().replace(" ", "_"), "physicalName": name}
        for name in ("Order ID", "Order date", "Email", "Total")
    ]
    report = land(settings, contract_of({"format": "xlsx", "filePattern": r".*\.xlsx"}, *columns))
    assert held_reasons(report) == {}
    assert sorted(landed(settings, "shop", "sales", "order_id")) == [("A1",), ("A1",), ("A2",), ("A2",)]


@pytest.mark.parametrize("state", ["hidden", "veryHidden"])
def test_the_first_sheet_that_people_see_is_read(settings: Settings, state: str) -> None:
    book = openpyxl.Workbook()
    book.active.title = "settings"
    book.active.append(["do", "not", "touch"])
    book.active.sheet_state = state
    sheet = book.create_sheet("orders")
    for row in (["id", "phone", "amount", "day"], ["007", "0139", 1, None]):
        sheet.append(row)
    buffer = io.BytesIO()
    book.save(buffer)
    deliver(settings, "shop/a.xlsx", buffer.getvalue())
    report = land(settings, contract_of({"format": "xlsx", "filePattern": r".*\.xlsx"}, *COLUMNS))
    assert held_reasons(report) == {}
    assert landed(settings, "shop", "sales", "id") == [("007",)]


def test_a_workbook_damaged_within_its_table_is_held_with_a_remedy(settings: Settings) -> None:
    chance = random.Random(7)
    rows: list[list[object]] = [[chance.randbytes(400).hex(), "1", 1, None] for _ in range(40)]
    content = bytearray(_workbook(["id", "phone", "amount", "day"], *rows))
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        entry = archive.getinfo("xl/worksheets/sheet1.xml")
    middle = entry.header_offset + 30 + len(entry.filename) + entry.compress_size // 2
    content[middle : middle + 40] = b"\xff" * 40
    deliver(settings, "shop/a.xlsx", bytes(content))
    report = land(settings, contract_of({"format": "xlsx", "filePattern": r".*\.xlsx"}, *COLUMNS))
    assert held_reasons(report) == {"a.xlsx": "damaged_archive"}


@pytest.mark.parametrize(
    "blank", ["<si><t> </t></si>", "<si><t/></si>", "<si><r><t xml:space='preserve'>\u00a0</t></r></si>"]
)
def test_cells_that_point_to_a_blank_shared_text_are_blank(settings: Settings, blank: str) -> None:
    """As Excel writes texts: apart from the sheet, whose cells hold their numbers."""
    buffer = io.BytesIO()
    write_workbook(settings.home / "a.xlsx", ["id", "phone", "amount", "day"], [])
    with zipfile.ZipFile(settings.home / "a.xlsx") as made, zipfile.ZipFile(buffer, "w") as book:
        for name in made.namelist():
            text = made.read(name).decode()
            text = text.replace(
                "</Types>", f'<Override PartName="/xl/sharedStrings.xml" ContentType="{TEXTS}"/></Types>'
            )
            text = (
                text.replace(
                    "</Relationships>",
                    f'<Relationship Id="rId9" Type="{LINKS}/sharedStrings" Target="sharedStrings.xml"/></Relationships>',
                )
                if "workbook" in name
                else text
            )
            rows = (
                '<row r="2"><c r="A2" t="s"><v>0</v></c></row><row r="9"><c r="B9" t="s"><v>1</v></c></row>'
            )
            book.writestr(name, text.replace("</sheetData>", rows + "</sheetData>"))
        book.writestr("xl/sharedStrings.xml", f'<sst xmlns="{MAIN}"><si><t>007</t></si>{blank}</sst>')
    deliver(settings, "shop/a.xlsx", buffer.getvalue())
    report = land(settings, contract_of({"format": "xlsx", "filePattern": r".*\.xlsx"}, *COLUMNS))
    assert held_reasons(report) == {}
    assert landed(settings, "shop", "sales", "id, _line") == [("007", 2)]


def test_a_parquet_file_lands_through_the_same_rules(settings: Settings) -> None:
    contracts = contract_of({"format": "parquet", "filePattern": r".*\.parquet"}, *COLUMNS)
    table = pa.table(
        {
            "id": ["1", None],
            "phone": ["0139", "x"],
            "amount": [12.5, 1.0],
            "day": [date(2017, 5, 1), date(2017, 5, 2)],
            "new": [1, 2],
        }
    )
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    deliver(settings, "shop/a.parquet", buffer.getvalue())
    report = land(settings, contracts)
    assert held_reasons(report) == {}
    assert landed(settings, "shop", "sales", "id, phone, amount, day, extra_new") == [
        ("1", "0139", Decimal("12.50"), date(2017, 5, 1), "1")
    ]
    assert [row[:3] for row in quarantined(settings, "shop", "sales")] == [
        (2, "required_value_missing", "id")
    ]


def test_a_json_document_lands_from_its_declared_array(settings: Settings) -> None:
    contracts = contract_of(
        {"format": "json", "filePattern": r".*\.json", "recordsPath": "data.orders"},
        {"name": "id", "required": True},
        {"name": "city", "physicalName": "address.city", "facts": {"optional": True}},
    )
    document = {"data": {"orders": [{"id": "1", "address": {"city": "Köln"}}, {"id": None}, {"id": "3"}]}}
    deliver(settings, "shop/a.json", json.dumps(document))
    deliver(settings, "shop/b.json", '{"data": {}}')
    report = land(settings, contracts)
    assert held_reasons(report) == {"b.json": "no_records"}
    assert landed(settings, "shop", "sales", "id, city") == [("1", "Köln"), ("3", None)]
    assert report.exports[0].quarantined_rows == 1
