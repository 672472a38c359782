"""What a sample file looks like: encoding, delimiter, header line, columns with their values. For drafts only.

Landing itself never guesses; a guess made here is written into a contract, named as undecided, and read by a person.
"""

from __future__ import annotations

import codecs
import csv
import io
import json
import re
import zipfile
from collections import Counter
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
from python_calamine import CalamineWorkbook

from cdp_assets.drafting.layout import Layout, find_layout
from cdp_assets.drafting.meanings import known_letters
from cdp_assets.drafting.numbering import without_currency
from cdp_assets.landing.contract import ENCODINGS
from cdp_assets.landing.held import FileHeld
from cdp_assets.landing.readers.text import ZIP_MAGIC, decompressed

SAMPLE_ROWS = 5000
SAMPLE_BYTES = 8 << 20
LEGACY = ["gb18030", "shift_jis", "cp1252", "cp1250"]
DELIMITERS = [",", "\t", ";", "|"]


@dataclass
class SampleColumn:
    """A column of the sample: header text, which of several equal headers it is, and its texts (blank ones as "")."""

    header: str
    occurrence: int
    values: list[str]
    has_numbers: bool = False  # an XLSX column with number cells

    @property
    def filled(self) -> list[str]:
        return [value.strip() for value in self.values if value.strip()]


@dataclass
class Sample:
    """A sample file, read."""

    path: Path
    facts: dict[str, Any]  # customProperties of the export that describe the file's shape
    columns: list[SampleColumn]
    undecided: list[str] = field(default_factory=list)
    titles: list[str] = field(default_factory=list)  # texts of the rows before the header

    @property
    def used(self) -> list[SampleColumn]:
        """Columns with a header or a text: those that a contract declares."""
        return [column for column in self.columns if column.header or column.filled]

    @property
    def symbols(self) -> set[str]:
        """Currency signs and codes that stand in cells of their own kind: before or after a number."""
        found: set[str] = set()
        for column in self.columns:
            found.update(without_currency(column.filled[:200])[1])
        return found


def read_sample(path: Path) -> Sample:
    """Read the first rows of a CSV, TSV, NDJSON, JSON, XLSX or Parquet sample. Raises FileHeld where none fits."""
    with path.open("rb") as file:
        magic = file.read(4)
    if magic == b"PAR1":
        table = pq.ParquetFile(path).iter_batches(SAMPLE_ROWS)
        batch = next(table, None)
        names = pq.read_schema(path).names
        values = [[_text(v) for v in batch.column(i).to_pylist()] if batch else [] for i in range(len(names))]
        return Sample(path, {"format": "parquet"}, _columns(names, values))
    if magic == ZIP_MAGIC and _is_workbook(path):
        return _read_workbook(path)
    data = _head(path, magic)
    sample = _read_json(path, data) if data.lstrip()[:1] in (b"{", b"[") else None
    return sample or _read_delimited(path, data)


def _is_workbook(path: Path) -> bool:
    with zipfile.ZipFile(path) as archive:
        return "xl/workbook.xml" in archive.namelist()


def _head(path: Path, magic: bytes) -> bytes:
    with decompressed(path, magic) as file:
        return file.read(SAMPLE_BYTES)


def _read_workbook(path: Path) -> Sample:
    book = CalamineWorkbook.from_path(path)
    sheet = book.get_sheet_by_index(0)
    cells = list(islice(sheet.iter_rows(), SAMPLE_ROWS))
    rows = [[_text(cell) for cell in row] for row in cells]
    start = (sheet.start or (0, 0))[0]
    layout = find_layout(rows, ",")
    names = rows[layout.header]
    facts: dict[str, Any] = {"format": "xlsx"}
    notes: list[str] = []
    if len(book.sheet_names) > 1:
        notes.append(
            f"sheet: the workbook has {len(book.sheet_names)}, the first is read; name another one as sheet"
        )
    _declare_layout(layout, start + layout.header, facts, notes)
    columns = _columns(names, _transpose(layout.body, len(names)))
    for position, column in enumerate(columns):
        column.has_numbers = any(
            isinstance(row[position], float | int) and not isinstance(row[position], bool)
            for row in cells[layout.header + 1 + layout.sub_headers :]
            if position < len(row)
        )
    return Sample(path, facts, columns, notes, _titles(rows, layout))


def _titles(rows: list[list[str]], layout: Layout) -> list[str]:
    return [cell.strip() for row in rows[: layout.header] for cell in row if cell.strip()]


def _declare_layout(layout: Layout, lines_before: int, facts: dict[str, Any], notes: list[str]) -> None:
    """Write what stands around the table into the facts, and say so."""
    if lines_before:
        facts["preambleRows"] = lines_before
        notes.append(
            f"the header was found in line {lines_before + 1}: the lines before it are declared as preamble"
        )
    if layout.sub_headers:
        facts["subHeaderRows"] = layout.sub_headers
        notes.append(
            f"{layout.sub_headers} rows under the header are blank or explain it: declared as subHeaderRows, not data"
        )
    if layout.footers:
        facts["footerPatterns"] = layout.footers
        notes.append(
            f"the last rows match {', '.join(map(repr, layout.footers))}: declared as footer, not data"
        )
    if layout.narrow_tail:
        notes.append(
            "the last rows look like no data, but nothing tells them from data: they go to quarantine; "
            "declare footerPatterns if they come with every file"
        )
    if layout.has_blank_row:
        notes.append(
            "some rows have only blank cells: they land as rows of nulls unless a column is required"
        )


def _read_json(path: Path, data: bytes) -> Sample | None:
    """NDJSON by its name or by its many records; a document of one object may hold its records below a key."""
    name = path.name.lower().removesuffix(".gz").removesuffix(".zip")
    lines = [line for line in data.split(b"\n")[: SAMPLE_ROWS + 1] if line.strip()]
    lines = lines[:-1] if len(lines) > 1 and len(data) == SAMPLE_BYTES else lines
    try:
        records = [json.loads(line) for line in lines]
    except ValueError:
        records = []
    is_lines = bool(records) and all(isinstance(record, dict) for record in records)
    if is_lines and (len(records) > 1 or name.endswith((".ndjson", ".jsonl"))):
        return _json_sample(path, {"format": "ndjson", "finalNewline": data.endswith(b"\n")}, records, [])
    try:
        document = json.loads(data)
    except ValueError:
        return None
    found, where = _records(document)
    if not where and isinstance(document, dict):
        return _json_sample(
            path,
            {"format": "ndjson"},
            [document],
            ["format: one record only, taken as NDJSON; give a sample of several records"],
        )
    facts = {"format": "json", **({"recordsPath": where} if where else {})}
    notes = [f"recordsPath: the records were found at {where}"] if where else []
    return _json_sample(path, facts, found[:SAMPLE_ROWS], notes)


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


def _json_sample(
    path: Path, facts: dict[str, Any], records: list[dict[str, Any]], notes: list[str]
) -> Sample:
    names: dict[str, None] = {}
    flat = [_flatten(record) for record in records]
    for record in flat:
        names |= dict.fromkeys(record)
    columns = [SampleColumn(name, 1, [record.get(name, "") for record in flat]) for name in names]
    return Sample(path, facts, columns, notes)


def _flatten(record: dict[str, Any], prefix: str = "") -> dict[str, str]:
    cells: dict[str, str] = {}
    for key, value in record.items():
        name = f"{prefix}{key}"
        if isinstance(value, dict):
            cells |= _flatten(value, f"{name}.")
        else:
            cells[name] = json.dumps(value, ensure_ascii=False) if isinstance(value, list) else _text(value)
    return cells


def _read_delimited(path: Path, data: bytes) -> Sample:
    encoding, text, notes = _decode(data)
    delimiter = _delimiter(text)
    has_quotes = _quotes_are_regular(text, delimiter)
    rows = list(islice(_rows(text, delimiter, has_quotes), SAMPLE_ROWS))
    if len(data) == SAMPLE_BYTES:
        rows = rows[:-1]
    layout = find_layout([row for _, row in rows], delimiter, '"' if has_quotes else "")
    line, names = rows[layout.header]
    facts: dict[str, Any] = {"encoding": encoding, "delimiter": delimiter}
    if not has_quotes:
        facts["quote"] = None
    if len(names) == 1:
        notes.append("delimiter: only one column was found; if there are more, name their delimiter")
    _declare_layout(layout, line - 1, facts, notes)
    if len(data) < SAMPLE_BYTES and data.endswith(b"\n"):
        facts["finalNewline"] = True
    columns = _columns(names, _transpose(layout.body, len(names)))
    return Sample(path, facts, columns, notes, _titles([row for _, row in rows], layout))


def _decode(data: bytes) -> tuple[str, str, list[str]]:
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16", data[: len(data) // 2 * 2].decode("utf-16", "ignore"), []
    for encoding in ("utf-8", *_likely_encodings(data)):
        try:
            decoder = codecs.getincrementaldecoder(ENCODINGS[encoding])("strict")
            text = decoder.decode(data, final=False)
        except UnicodeDecodeError:
            continue
        if encoding == "utf-8":
            return encoding, text.removeprefix("\ufeff"), []
        others = ", ".join(each for each in LEGACY if each != encoding)
        return (
            encoding,
            text,
            [f"encoding: not utf-8, read as {encoding}; look at the names and texts (else: {others})"],
        )
    raise FileHeld("wrong_encoding", "no known encoding reads it", f"supported are {', '.join(ENCODINGS)}")


def _likely_encodings(data: bytes) -> list[str]:
    """Legacy encodings, likeliest first: lone high bytes speak for cp1252, kana for Shift-JIS, else GB18030."""
    runs = [len(run) for run in re.findall(rb"[\x80-\xff]+", data[:1_000_000])]
    if runs and (sum(length == 1 for length in runs) > len(runs) / 2 or (1 in runs and max(runs) == 2)):
        european = max(
            ("cp1252", "cp1250"), key=lambda each: known_letters(data[:1_000_000].decode(each, "ignore"))
        )
        return [european, "cp1252", "shift_jis", "gb18030"]
    japanese = data[:1_000_000].decode("cp932", "ignore")
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
    """False where quotes stand in the middle of cells, as in an unquoted export."""
    if '"' not in text:
        return True
    try:
        list(islice(csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True), SAMPLE_ROWS))
    except csv.Error:
        return False
    return not (
        delimiter == "\t" and any('"' in c and not c.startswith('"') for c in text[:100_000].split("\t"))
    )


def _rows(text: str, delimiter: str, has_quotes: bool) -> Any:
    """(first physical line, cells) of every row that is not blank."""
    lines = io.StringIO(text, newline="")
    plain = csv.reader(lines, delimiter=delimiter, quoting=csv.QUOTE_NONE)
    reader = csv.reader(lines, delimiter=delimiter) if has_quotes else plain
    before = 0
    for row in reader:
        if row:
            yield before + 1, row
        before = reader.line_num


def _columns(names: list[str], values: list[list[str]]) -> list[SampleColumn]:
    seen: Counter[str] = Counter()
    columns = []
    for name, texts in zip(names, values, strict=True):
        header = name.replace("\ufeff", "").strip()
        folded = re.sub(r"\s+", " ", header).casefold()  # as header.map_header compares them
        seen[folded] += 1
        columns.append(SampleColumn(header, seen[folded], texts))
    return columns


def _transpose(rows: list[list[str]], width: int) -> list[list[str]]:
    return [[row[position] if position < len(row) else "" for row in rows] for position in range(width)]


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value)
