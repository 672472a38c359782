"""What a sample file looks like: encoding, delimiter, header line, columns with their texts.

Landing itself never infers; what is inferred here is written into a contract, asked about, and read by a person.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
import zipfile
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from python_calamine import CalamineSheet, CalamineWorkbook, SheetVisibleEnum

from cdp_assets.drafting.file_names import PERIOD_GROUP, file_pattern
from cdp_assets.drafting.layout import Layout, find_layout
from cdp_assets.drafting.words import Words
from cdp_assets.landing.contract import ENCODINGS
from cdp_assets.landing.held import FileHeld
from cdp_assets.landing.readers.text import ZIP_MAGIC, decompressed, is_utf_16

SAMPLE_ROWS = 5000
SAMPLE_BYTES = 8 << 20
LEGACY = ["gb18030", "shift_jis", "cp1252", "cp1250"]
DELIMITERS = [",", "\t", ";", "|"]


@dataclass(frozen=True)
class SampleColumn:
    """A column of the sample: header text, which of several equal headers it is, and its texts (blank ones as "")."""

    header: str
    occurrence: int
    texts: tuple[str, ...]
    has_numbers: bool = False  # an XLSX column with number cells
    is_continued: bool = False  # blank cells of the file repeat the row above, here filled already


@dataclass(frozen=True)
class Sample:
    """A sample file, read: its shape as facts of the contract, its columns, questions, and the texts before the header."""

    path: Path
    facts: dict[str, Any]
    columns: tuple[SampleColumn, ...]
    questions: tuple[str, ...] = ()
    titles: tuple[str, ...] = ()

    @property
    def is_document(self) -> bool:
        """JSON: columns are paths, and lines stand inside a record."""
        return self.facts.get("format") in ("json", "ndjson")

    @property
    def file_pattern(self) -> str:
        return file_pattern(self.path.name)[0]

    @property
    def has_period(self) -> bool:
        """Whether the file's name has a date that sorts."""
        return PERIOD_GROUP in self.file_pattern


def read_sample(path: Path, words: Words, sheet: str | None = None) -> Sample:
    """Read the first rows of a CSV, TSV, NDJSON, JSON, XLSX or Parquet sample. Raises FileHeld where none fits."""
    with path.open("rb") as file:
        magic = file.read(4)
    if magic == b"PAR1":
        return _read_parquet(path)
    if magic == ZIP_MAGIC and _is_workbook(path):
        return _read_workbook(path, words, sheet)
    with decompressed(path, magic) as file:
        data = file.read(SAMPLE_BYTES)
    found = _read_json(path, data) if data.lstrip()[:1] in (b"{", b"[") else None
    return found or _read_delimited(path, data, words)


def _read_parquet(path: Path) -> Sample:
    batch = next(pq.ParquetFile(path).iter_batches(SAMPLE_ROWS), None)
    names = pq.read_schema(path).names
    values = [[_text(v) for v in batch.column(i).to_pylist()] if batch else [] for i in range(len(names))]
    return Sample(path, {"format": "parquet"}, _columns(names, values))


def _is_workbook(path: Path) -> bool:
    with zipfile.ZipFile(path) as archive:
        return "xl/workbook.xml" in archive.namelist()


def _read_workbook(path: Path, words: Words, sheet: str | None) -> Sample:
    """The sheet that is named, else the one whose table is largest: every sheet is looked at."""
    book = CalamineWorkbook.from_path(path)
    names = book.sheet_names
    if sheet is not None and sheet not in names:
        raise FileHeld(
            "missing_sheet", f"it has {len(names)} sheets, none of that name", "name one of its sheets"
        )
    tables = {name: _cells(book.get_sheet_by_name(name)) for name in names}
    sizes = {name: _table_rows(rows) for name, (_, rows) in tables.items()}
    chosen = sheet or max(sizes, key=lambda name: sizes[name])
    start, cells = tables[chosen]
    rows = [[_text(cell) for cell in row] for row in cells]
    layout = find_layout(rows, ",", words)
    facts: dict[str, Any] = {"format": "xlsx"} | ({"sheet": chosen} if chosen != _first_shown(book) else {})
    around, said = _declare(layout, start + layout.header)
    columns = _columns(layout.names, _transpose(layout.body, len(layout.names)), _numbers(cells, layout))
    questions = (*(_asked_of_sheets(sizes, chosen) if sheet is None else []), *said)
    return Sample(path, facts | around, columns, questions, _titles(rows, layout))


def _first_shown(book: CalamineWorkbook) -> str:
    """The sheet that landing reads where the contract names none."""
    shown = [each.name for each in book.sheets_metadata if each.visible is SheetVisibleEnum.Visible]
    return (shown or book.sheet_names)[0]


def _table_rows(rows: Sequence[Sequence[Any]]) -> int:
    """How many rows hold more than one cell."""
    return sum(sum(cell != "" for cell in row) > 1 for row in rows)


def _asked_of_sheets(sizes: dict[str, int], chosen: str) -> list[str]:
    tables = {name: size for name, size in sizes.items() if size > 1}
    if not tables.keys() - {chosen}:
        return []
    counts = ", ".join(f"{name!r} ({size - 1} rows)" for name, size in tables.items())
    return [f"sheet: several sheets hold a table: {counts}; {chosen!r} is read; another one by --sheet"]


def _cells(sheet: CalamineSheet) -> tuple[int, list[list[Any]]]:
    return (sheet.start or (0, 0))[0], list(islice(sheet.iter_rows(), SAMPLE_ROWS))


def _numbers(cells: Sequence[Sequence[Any]], layout: Layout) -> set[int]:
    """Positions of columns in which number cells stand."""
    return {
        position
        for row in cells[layout.header + 1 + layout.sub_headers :]
        for position, cell in enumerate(row)
        if isinstance(cell, float | int) and not isinstance(cell, bool)
    }


def _titles(rows: Sequence[Sequence[str]], layout: Layout) -> tuple[str, ...]:
    return tuple(cell.strip() for row in rows[: layout.header] for cell in row if cell.strip())


def _declare(layout: Layout, lines_before: int) -> tuple[dict[str, Any], list[str]]:
    """What stands around the table as facts, and what to say of it."""
    footers = list(layout.footers)
    found: list[tuple[str, Any, str]] = [
        ("preambleRows", lines_before, f"the header was found in line {lines_before + 1}: the lines before it are declared as preamble"),
        ("subHeaderRows", layout.sub_headers, f"{layout.sub_headers} rows under the header are blank or explain it: declared as subHeaderRows, not data"),
        ("footerPatterns", footers, f"the last rows, or blank ones, match {', '.join(map(repr, footers))}: declared as footer, not data"),
        ("unnamedColumns", layout.unnamed, f"each row has {layout.unnamed} blank cells more than the header names: declared as unnamedColumns"),
    ]  # fmt: skip
    said = [text for _, value, text in found if value]
    if layout.narrow_tail:
        said.append(
            "the last rows look like no data, but nothing tells them from data: they go to quarantine; "
            "declare footerPatterns if they come with every file"
        )
    return {name: value for name, value, _ in found if value}, said


def _read_json(path: Path, data: bytes) -> Sample | None:
    """NDJSON by its name or by its many records; a document of one object may hold its records below a key."""
    name = path.name.lower().removesuffix(".gz").removesuffix(".zip")
    lines = [line for line in data.split(b"\n")[: SAMPLE_ROWS + 1] if line.strip()]
    lines = lines[:-1] if len(lines) > 1 and len(data) == SAMPLE_BYTES else lines
    records = [each for line in lines if isinstance(each := _parsed(line), dict)]
    if len(records) == len(lines) and (len(records) > 1 or name.endswith((".ndjson", ".jsonl"))):
        return _json_sample(path, {"format": "ndjson", "finalNewline": data.endswith(b"\n")}, records)
    document = _parsed(data)
    if document is None:
        return None
    found, where = _records(document)
    if not where and isinstance(document, dict):
        said = "format: one record only, taken as NDJSON; give a sample of several records"
        return _json_sample(path, {"format": "ndjson"}, [document], said)
    facts = {"format": "json", **({"recordsPath": where} if where else {})}
    said = f"recordsPath: the records were found at {where}" if where else ""
    return _json_sample(path, facts, found[:SAMPLE_ROWS], said)


def _parsed(text: bytes) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _records(document: Any, path: str = "") -> tuple[list[Any], str]:
    """The longest array of objects in a document, two levels deep, and the path to it ("" where there is none)."""
    if isinstance(document, list):
        return [each for each in document if isinstance(each, dict)], path
    best: tuple[list[Any], str] = ([], "")
    for key, value in document.items() if isinstance(document, dict) else []:
        below = f"{path}.{key}".lstrip(".")
        is_array = isinstance(value, list) and bool(value) and isinstance(value[0], dict)
        is_outer = isinstance(value, dict) and not path
        found: tuple[list[Any], str] = _records(value, below) if is_array or is_outer else ([], "")
        best = max(best, found, key=lambda each: len(each[0]))
    return best


def _json_sample(path: Path, facts: dict[str, Any], records: list[dict[str, Any]], said: str = "") -> Sample:
    flat = [flatten(record) for record in records]
    names = list(dict.fromkeys(name for record in flat for name in record))
    columns = tuple(SampleColumn(name, 1, tuple(record.get(name, "") for record in flat)) for name in names)
    return Sample(path, facts, columns, (said,) if said else ())


def flatten(record: dict[str, Any], prefix: str = "") -> dict[str, str]:
    """The texts of a JSON object by their paths."""
    cells: dict[str, str] = {}
    for key, value in record.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict):
            cells |= flatten(value, f"{name}.")
        else:
            is_as_written = isinstance(value, list | float)  # 5.0 lands as it is written, no whole number
            cells[name] = json.dumps(value, ensure_ascii=False) if is_as_written else _text(value)
    return cells


def _read_delimited(path: Path, data: bytes, words: Words) -> Sample:
    encoding, text, questions = _decode(data, words)
    delimiter = _delimiter(text)
    has_quotes = _quotes_are_regular(text, delimiter)
    numbered = list(islice(_rows(text, delimiter, has_quotes), SAMPLE_ROWS))
    rows = [row for _, row in numbered][: -1 if len(data) == SAMPLE_BYTES else None]
    layout = find_layout(rows, delimiter, words, '"' if has_quotes else "")
    facts: dict[str, Any] = {"encoding": encoding, "delimiter": delimiter}
    if not has_quotes:
        facts["quote"] = None
    if len(layout.names) == 1:
        questions.append("delimiter: only one column was found; if there are more, name their delimiter")
    around, said = _declare(layout, numbered[layout.header][0] - 1)
    if len(data) < SAMPLE_BYTES and data.endswith(b"\n"):
        facts["finalNewline"] = True
    body = _without_headers(layout.body, rows[layout.header])
    if len(body) < len(layout.body):
        questions.append(
            "the header stands again below, as where files were joined: such rows are quarantined"
        )
    columns = _columns(layout.names, _transpose(body, len(layout.names)))
    return Sample(path, facts | around, columns, (*questions, *said), _titles(rows, layout))


def _without_headers(body: Sequence[Sequence[str]], header: Sequence[str]) -> list[Sequence[str]]:
    plain = [name.strip("\ufeff ") for name in header]
    return [row for row in body if [cell.strip("\ufeff ") for cell in row] != plain]


def _decode(data: bytes, words: Words) -> tuple[str, str, list[str]]:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16", data[: len(data) // 2 * 2].decode("utf-16", "ignore"), []
    if is_utf_16(data):
        raise FileHeld(
            "wrong_encoding",
            "its characters have two bytes and no mark (UTF-16) tells their order",
            "have it exported as utf-8, or with the mark",
        )
    for encoding in ("utf-8", *likely_encodings(data, words)):
        try:
            text = codecs.getincrementaldecoder(ENCODINGS[encoding])("strict").decode(data, final=False)
        except UnicodeDecodeError:
            continue
        if encoding == "utf-8":
            return encoding, text.removeprefix("\ufeff"), []
        others = ", ".join(each for each in LEGACY if each != encoding)
        said = f"encoding: not utf-8, read as {encoding}; look at the names and texts (else: {others})"
        return encoding, text, [said]
    raise FileHeld("wrong_encoding", "no known encoding reads it", f"supported are {', '.join(ENCODINGS)}")


def likely_encodings(data: bytes, words: Words) -> list[str]:
    """Legacy encodings, likeliest first: lone high bytes speak for cp1252, kana for Shift-JIS, else GB18030."""
    head = data[:1_000_000]
    runs = [len(run) for run in re.findall(rb"[\x80-\xff]+", head)]
    if runs and (sum(length == 1 for length in runs) > len(runs) / 2 or (1 in runs and max(runs) == 2)):
        european = max(
            ("cp1252", "cp1250"), key=lambda each: words.known_letters(head.decode(each, "ignore"))
        )
        return [european, "cp1252", "shift_jis", "gb18030"]
    japanese = head.decode("cp932", "ignore")
    kana = len(re.findall("[\u3041-\u30fe]", japanese))
    if kana * 5 > sum(char > "\x7f" for char in japanese):
        return ["shift_jis", "gb18030", "cp1252"]
    return ["gb18030", "shift_jis", "cp1252"]


def _delimiter(text: str) -> str:
    """The delimiter that gives the most rows of one same width above one; title lines of one cell do not count."""

    def score(delimiter: str) -> tuple[int, int]:
        widths = Counter(len(row) for _, row in islice(_rows(text, delimiter, True), 200) if len(row) > 1)
        return max(((count, width) for width, count in widths.items()), default=(0, 1))

    return max(DELIMITERS, key=score)


def _quotes_are_regular(text: str, delimiter: str) -> bool:
    """False where quotes stand in the middle of cells, as in an unquoted export, or something stands behind them."""
    if '"' not in text:
        return True
    try:
        list(islice(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True), SAMPLE_ROWS))
    except csv.Error:
        return False
    is_bare = any('"' in c and not c.startswith('"') for c in text[:100_000].split("\t"))
    return not (delimiter == "\t" and is_bare)


def _rows(text: str, delimiter: str, has_quotes: bool) -> Iterator[tuple[int, list[str]]]:
    """(first physical line, cells) of every row that is not blank."""
    lines = io.StringIO(text, newline="")
    plain = csv.reader(lines, delimiter=delimiter, quoting=csv.QUOTE_NONE)
    reader = csv.reader(lines, delimiter=delimiter) if has_quotes else plain
    before = 0
    for row in reader:
        if row:
            yield before + 1, row
        before = reader.line_num


def _columns(
    names: Sequence[str], texts: Sequence[Sequence[str]], numbers: set[int] | None = None
) -> tuple[SampleColumn, ...]:
    """Columns with a header or a text: those that a contract declares."""
    seen: Counter[str] = Counter()
    columns = []
    for position, (name, values) in enumerate(zip(names, texts, strict=True)):
        header = name.replace("\ufeff", "").strip()
        folded = re.sub(r"\s+", " ", header).casefold()  # as header.map_header compares them
        seen[folded] += 1
        if header or any(value.strip() for value in values):
            has_numbers = position in (numbers or ())
            columns.append(SampleColumn(header, seen[folded], tuple(values), has_numbers))
    return tuple(columns)


def _transpose(rows: Sequence[Sequence[str]], width: int) -> list[list[str]]:
    return [[row[position] if position < len(row) else "" for row in rows] for position in range(width)]


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)
