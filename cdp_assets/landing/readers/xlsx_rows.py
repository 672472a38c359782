"""XLSX sheets as rows of text, by calamine; what calamine passes over in silence is found in the sheet's own XML.

Errors (#N/A), formulas without a cached value and numbers where text is declared are named, so that their rows go to
quarantine; calamine alone would make nulls of the first two and floats of the third.
"""

from __future__ import annotations

import json
import re
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from pathlib import Path
from xml.etree import ElementTree

from python_calamine import CalamineError, CalamineWorkbook

from cdp_assets.landing.contract import Column, Dialect, Export
from cdp_assets.landing.held import FileHeld
from cdp_assets.landing.readers.header import ColumnMap, map_header
from cdp_assets.landing.typed.casts import EPOCHS, EXCEL_SERIAL

MAX_PARTS, HEAD_BYTES = 100, 1024  # of a workbook: how many parts are looked at, and how much of each
MAX_UNPACKED = 512 << 20  # bytes of one workbook, unpacked
_SHARED = "xl/sharedStrings.xml"  # texts that cells point to by their number
_MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
_LINK = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"
Cell = object


@dataclass
class SheetScan:
    """What the sheet's XML says: numbers of rows that hold anything, and cells that hold no usable value."""

    sheet: str = ""  # the name of the sheet that is read
    filled_rows: set[int] = field(default_factory=set)
    bad_cells: dict[int, dict[int, str]] = field(default_factory=dict)  # row → column (from 0) → reason code


def check_package(path: Path, max_expansion: int) -> None:
    """Refuse a workbook that is no zip, unpacks to far more than its size allows, or declares entities of its own.

    Reads its directory and the first bytes of each part only.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            unpacked = sum(info.file_size for info in archive.infolist())
            parts = [info for info in archive.infolist() if info.filename.endswith(".xml")][:MAX_PARTS]
            heads = [archive.open(part).read(HEAD_BYTES) for part in parts]
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise FileHeld("damaged_archive", "it is no XLSX workbook", "export it again as .xlsx") from error
    if unpacked > max(MAX_UNPACKED // 8, path.stat().st_size * max_expansion) or unpacked > MAX_UNPACKED:
        raise FileHeld(
            "expands_too_far",
            "unpacked it is far larger than a workbook of its size should be",
            "check where the file comes from; deliver large exports as CSV",
        )
    _no_declarations(heads)


def _no_declarations(heads: list[bytes]) -> None:
    if any(b"<!DOCTYPE" in head or b"<!ENTITY" in head for head in heads):
        raise FileHeld(
            "damaged_archive",
            "a part of it declares entities of its own, which no workbook does",
            "check where the file comes from; open and save it again as .xlsx",
        )


def scan_sheet(path: Path, sheet: str | None, max_columns: int) -> SheetScan:
    """Count filled rows and find errors and uncached formulas: other code than the reader, over the XML itself."""
    scan = SheetScan()
    try:
        with zipfile.ZipFile(path) as archive:
            scan.sheet, entry = _chosen_sheet(archive, sheet)
            blanks = _blank_texts(archive)
            with archive.open(entry) as stream:
                number = 0
                for _, element in ElementTree.iterparse(stream):  # noqa: S314  expat refuses entity bombs; sizes are checked
                    if element.tag != _MAIN + "row":
                        continue
                    number = int(element.get("r") or number + 1)
                    _scan_row(element, number, scan, max_columns, blanks)
                    element.clear()
    except (ElementTree.ParseError, KeyError, zipfile.BadZipFile, zlib.error, EOFError, ValueError) as error:
        raise FileHeld(
            "damaged_archive", "the sheet's XML cannot be read", "open and save it again as .xlsx"
        ) from error
    return scan


def sheet_entry(archive: zipfile.ZipFile, sheet: str | None) -> str:
    """The part of the workbook that holds the sheet."""
    return _chosen_sheet(archive, sheet)[1]


def _chosen_sheet(archive: zipfile.ZipFile, sheet: str | None) -> tuple[str, str]:
    """(name, part) of the sheet that is named, else of the first that is not hidden: what people see when they open the file."""
    book = ElementTree.fromstring(archive.read("xl/workbook.xml"))  # noqa: S314  as above
    links = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))  # noqa: S314  as above
    targets = {link.get("Id"): link.get("Target", "") for link in links}
    sheets = list(book.iter(_MAIN + "sheet"))
    shown = [each for each in sheets if each.get("state", "visible") == "visible"]
    named = (shown or sheets) if sheet is None else [each for each in sheets if each.get("name") == sheet]
    if not named:
        raise _no_sheet(sheet)
    target = targets[named[0].get(_LINK)]
    entry = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    return named[0].get("name", ""), entry


def _blank_texts(archive: zipfile.ZipFile) -> set[str]:
    """Numbers of the shared texts that hold nothing but white space: a cell that points to one is blank."""
    if _SHARED not in archive.namelist():
        return set()
    blanks, number = set(), 0
    with archive.open(_SHARED) as stream:
        for _, element in ElementTree.iterparse(stream):  # noqa: S314  as above
            if element.tag == _MAIN + "si":
                if not _has_text(element):
                    blanks.add(str(number))
                number += 1
                element.clear()
    return blanks


def _has_text(element: ElementTree.Element) -> bool:
    return any(text.text and text.text.strip() for text in element.iter(_MAIN + "t"))


def _no_sheet(sheet: str | None) -> FileHeld:
    return FileHeld(
        "missing_sheet", f"it has no sheet {sheet!r}", "correct `sheet` in the contract, or the export"
    )


def _scan_row(
    row: ElementTree.Element, number: int, scan: SheetScan, max_columns: int, blanks: set[str]
) -> None:
    for position, cell in enumerate(row.iter(_MAIN + "c")):
        reference = cell.get("r")
        column = _column_number(reference) if reference else position
        if column >= max_columns:  # the reader would make room for every cell up to here, on every row
            raise FileHeld(
                "too_many_columns",
                f"row {number} has a cell in column {column + 1:,}, {max_columns:,} are allowed",
                "delete what stands far to the right of the table; if it is right, raise maxColumns in the contract",
            )
        value = cell.find(_MAIN + "v")
        has_value = value is not None and bool(value.text)
        is_blank = value is not None and (
            value.text in blanks if cell.get("t") == "s" else not (value.text or "").strip()
        )
        if reason := _bad_cell(cell, has_value):
            scan.bad_cells.setdefault(number, {})[column] = reason
        if reason or (has_value and not is_blank) or _has_text(cell):
            scan.filled_rows.add(number)


def _bad_cell(cell: ElementTree.Element, has_value: bool) -> str | None:
    """Why what a cell shows cannot be taken for its value; None where it can."""
    if cell.get("t") == "e":
        return "error_cell"
    if cell.find(_MAIN + "f") is not None and not has_value:
        return "formula_without_value"
    return None


def _column_number(reference: str) -> int:
    letters = re.match("[A-Z]+", reference)
    number = 0
    for letter in letters.group() if letters else "A":
        number = number * 26 + ord(letter) - 64
    return number - 1


@dataclass(frozen=True)
class SheetRows:
    """A sheet that fits the contract: how its columns map, and its data rows as (line, raw, reason, cells)."""

    columns: ColumnMap
    parsed: int
    rows: Iterator[tuple[int, str, str | None, list[str | None]]]


def read_sheet(path: Path, export: Export, dialect: Dialect) -> SheetRows:
    """Map the header and yield the data rows below it. Raises FileHeld."""
    check_package(path, export.facts.max_expansion)
    scan = scan_sheet(path, dialect.sheet, export.facts.max_columns)
    try:
        book = CalamineWorkbook.from_path(path)
        sheet = book.get_sheet_by_name(scan.sheet)
    except (CalamineError, IndexError, ValueError) as error:
        raise FileHeld(
            "damaged_archive", "the workbook cannot be read", "open and save it again as .xlsx"
        ) from error
    top, left = sheet.start or (0, 0)
    numbered = ((top + position, row) for position, row in enumerate(sheet.iter_rows(), 1))
    cells: Iterator[tuple[int, list[Cell]]] = ((number, [""] * left + list(row)) for number, row in numbered)
    header_line, header = _header(cells, dialect)
    columns = map_header(export, dialect, header, header_line)
    first = header_line + dialect.sub_header_rows
    footers = _footers(sheet.iter_rows(), top, first, dialect)
    parsed = sum(number > first for number in scan.filled_rows) - len(footers)
    by_position = {p[0]: export.column(name) for name, p in columns.positions.items() if len(p) == 1}
    rows = ((number, row) for number, row in cells if number > first and number not in footers)
    return SheetRows(columns, parsed, _data_rows(rows, columns.width, by_position, scan))


def _footers(rows: Iterable[Sequence[Cell]], top: int, first: int, dialect: Dialect) -> set[int]:
    """Numbers of the rows below `first` that are declared footers; the sheet is gone over only where any are declared."""
    if not dialect.has_footers:
        return set()
    return {
        number
        for number, row in enumerate(rows, top + 1)
        if number > first and not _is_blank(row) and dialect.is_footer([_plain(cell) for cell in row])
    }


def _header(cells: Iterator[tuple[int, list[Cell]]], dialect: Dialect) -> tuple[int, list[str]]:
    for number, row in cells:
        if number > dialect.preamble_rows and not _is_blank(row):
            return number, [str(cell) for cell in row]
    raise FileHeld(
        "no_header", "the sheet ends before any header", "ask for the full export; correct preambleRows"
    )


def _is_blank(row: Sequence[Cell]) -> bool:
    """Whether no cell holds more than white space: Excel leaves such cells far below its table."""
    return all(isinstance(cell, str) and not cell.strip() for cell in row)


def _data_rows(
    cells: Iterator[tuple[int, list[Cell]]],
    width: int,
    columns: dict[int, Column],
    scan: SheetScan,
) -> Iterator[tuple[int, str, str | None, list[str | None]]]:
    for number, row in cells:
        bad = scan.bad_cells.get(number, {})
        if not bad and _is_blank(row):
            continue
        texts, reason = _cell_texts(row[:width], columns, bad)
        if any(cell != "" for cell in row[width:]):
            reason = reason or "too_many_cells"
        texts += [None] * (width - len(texts))
        raw = json.dumps([bad.get(p) or _plain(cell) for p, cell in enumerate(row)], ensure_ascii=False)
        yield number, raw, reason, texts


def _cell_texts(
    row: list[Cell], columns: dict[int, Column], bad: dict[int, str]
) -> tuple[list[str | None], str | None]:
    """The row's texts, and what is wrong with the first cell of a declared column that cannot be taken."""
    texts: list[str | None] = []
    reason = None
    for position, cell in enumerate(row):
        column = columns.get(position)
        text, problem = _cell_text(cell, column)
        problem = bad.get(position, problem)
        if problem and column and reason is None:
            reason = f"{problem}:{column.name}"
        texts.append(text)
    return texts, reason


def _cell_text(cell: Cell, column: Column | None) -> tuple[str | None, str | None]:
    """A cell as the text that the contract's rules expect, and a reason code where its kind is wrong."""
    if isinstance(cell, str) or column is None:
        return (str(cell) or None), None
    if isinstance(cell, bool):
        return str(cell).lower(), None
    if isinstance(cell, datetime | date):
        if column.logical_type in ("date", "timestamp"):
            return _in_format(cell, column), None
        return str(cell), "date_where_text_expected" if column.logical_type == "string" else None
    if isinstance(cell, int | float):
        is_wrong = column.logical_type == "string" and not column.facts.number_as_text
        return _plain(cell), "number_where_text_expected" if is_wrong else None
    return str(cell), None


def _in_format(cell: datetime | date, column: Column) -> str:
    moment = cell if isinstance(cell, datetime) else datetime.combine(cell, time())
    usable = [
        each for each in column.facts.formats if each not in (*EPOCHS, EXCEL_SERIAL) and "%z" not in each
    ]
    return moment.strftime(usable[0]) if usable else moment.isoformat(" ")


def _plain(cell: Cell) -> str:
    """A number without exponent and with Excel's 15 significant digits; anything else as text."""
    if isinstance(cell, float):
        return f"{cell:.0f}" if cell.is_integer() and abs(cell) < 1e15 else f"{cell:.15g}"
    if isinstance(cell, timedelta):
        return str(cell)
    return str(cell)
