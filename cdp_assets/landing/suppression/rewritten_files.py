"""A delivered file written again without some of its rows, or with some of their cells blank; all else stays byte by byte.

Lines of text keep their numbers: a row that goes leaves an empty line. The same file and rows give the same bytes. What is cut, and why, is
not decided here.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, cast

from cdp_assets.landing.contract import ENCODINGS, Dialect
from cdp_assets.landing.readers import delimited
from cdp_assets.landing.readers.text import GZIP_MAGIC, ZIP_MAGIC, decompressed
from cdp_assets.landing.suppression import rewritten_workbooks

Cut = Mapping[int, tuple[int, ...] | None]
"""Line (or row number) → positions of the cells to blank; None: the row goes."""
EVERYTHING_ELSE = "*"  # in place of a path: whatever of a JSON record no other path names


def rewrite(
    source: Path, target: Path, dialect: Dialect, cut: Cut, *, skipped: int, paths: list[str]
) -> None:
    """Write `source` to `target` without what `cut` names. `paths`: for JSON, all paths that are known, and EVERYTHING_ELSE."""
    if dialect.format == "xlsx":
        rewritten_workbooks.rewrite_book(source, target, dialect.sheet, cut)
    elif dialect.format == "parquet":
        _rewrite_parquet(source, target, cut)
    elif dialect.format == "json":
        _rewrite_text(source, target, dialect, lambda text: _document(text, dialect.records_path, cut, paths))
    elif dialect.format == "ndjson":
        _rewrite_text(source, target, dialect, lambda text: _json_lines(text, cut, paths))
    else:
        _rewrite_text(source, target, dialect, lambda text: _records(text, dialect, cut, skipped))


def _rewrite_text(
    source: Path, target: Path, dialect: Dialect, change: Callable[[io.TextIOBase], Iterator[str]]
) -> None:
    encoding = ENCODINGS[dialect.encoding]
    with source.open("rb") as file:
        magic = file.read(4)
    with decompressed(source, magic) as inner, _compressed(target, magic) as packed:
        reader = io.TextIOWrapper(inner, encoding=encoding, newline="")
        writer = io.TextIOWrapper(packed, encoding=encoding, newline="")
        for text in change(reader):
            writer.write(text)
        writer.flush()
        writer.detach()


@contextmanager
def _compressed(target: Path, magic: bytes) -> Iterator[BinaryIO]:
    """A stream that packs as the source was packed, with no time and no name in it."""
    with target.open("wb") as raw:
        if magic == ZIP_MAGIC:
            with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as archive:
                info = zipfile.ZipInfo("data")
                info.compress_type = zipfile.ZIP_DEFLATED
                with archive.open(info, "w", force_zip64=True) as member:
                    yield cast(BinaryIO, member)
        elif magic.startswith(GZIP_MAGIC):
            with gzip.GzipFile(filename="", mode="wb", fileobj=raw, mtime=0) as packed:
                yield cast(BinaryIO, packed)
        else:
            yield raw


def _records(text: io.TextIOBase, dialect: Dialect, cut: Cut, skipped: int) -> Iterator[str]:
    """Delimited text: `skipped` lines pass, then each record stays as it is, goes, or loses cells."""
    taken: list[str] = []
    number = skipped

    source = _physical_lines(text)

    def lines() -> Iterator[str]:
        nonlocal number
        for line in source:
            number += 1
            taken.append(line)
            yield line

    for _ in range(skipped):
        yield next(source, "")
    csv.field_size_limit(delimited.MAX_FIELD)
    shape = delimited.csv_dialect(dialect, strict=True)
    rows = csv.reader(lines(), shape)
    while (fields := delimited.next_row(rows)) is not None:
        raw, first = "".join(taken), number - len(taken) + 1
        taken.clear()
        yield _cut_record(raw, fields, shape, cut[first]) if first in cut else raw
    yield "".join(taken)


def _cut_record(
    raw: str, fields: list[str], shape: type[csv.Dialect], positions: tuple[int, ...] | None
) -> str:
    end = raw[len(raw.rstrip("\r\n")) :]
    breaks = "\n" * (raw.count("\n") - end.count("\n"))
    if positions is None:
        return breaks + end
    written = io.StringIO()
    kept = ["" if position in positions else field for position, field in enumerate(fields)]
    csv.writer(written, shape, lineterminator="").writerow(kept)
    line = written.getvalue()
    # the breaks that stood in blanked cells come after the record, as empty lines: the lines below keep their numbers
    missing = raw.count("\n") - end.count("\n") - line.count("\n")
    return line + (end or "") + "\n" * missing


def _physical_lines(text: io.TextIOBase) -> Iterator[str]:
    """Lines that end with a newline; a lone carriage return ends none."""
    pending = ""
    while block := text.read(1 << 20):
        *whole, pending = (pending + block).split("\n")
        for line in whole:
            yield line + "\n"
    if pending:
        yield pending


def _json_lines(text: io.TextIOBase, cut: Cut, paths: list[str]) -> Iterator[str]:
    for number, line in enumerate(_physical_lines(text), 1):
        if number not in cut:
            yield line
            continue
        end = line[len(line.rstrip("\r\n")) :]
        positions = cut[number]
        if positions is None:
            yield end
        else:
            yield json.dumps(_blank(json.loads(line), positions, paths), ensure_ascii=False) + end


def _document(text: io.TextIOBase, path: str | None, cut: Cut, paths: list[str]) -> Iterator[str]:
    document = json.loads(text.read().removeprefix("\ufeff"))
    holder, last = {"": document}, ""
    for step in path.split(".") if path else []:
        holder, last = holder[last], step
    records = []
    for number, record in enumerate(holder[last], 1):
        positions = cut.get(number, ())
        if positions is not None:
            records.append(_blank(record, positions, paths))
    holder[last] = records
    yield json.dumps(holder[""] if not path else document, ensure_ascii=False)


def _blank(record: Any, positions: tuple[int, ...], paths: list[str]) -> Any:
    """A record without what stands at some of the known paths."""
    gone = {paths[each] for each in positions}
    return _without(record, "", gone, set(paths) - gone) if gone else record


def _without(value: Any, path: str, gone: set[str], stays: set[str]) -> Any:
    """What is left of the value at a path. Elements of an array are at the array's path, pairs of key and value at that of their key."""
    if path in gone or path in stays:
        return None if path in gone else value
    if isinstance(value, dict):
        below = f"{path}." if path else ""
        return {name: _without(each, f"{below}{name}", gone, stays) for name, each in value.items()}
    if isinstance(value, list):
        return [_without_pair(each, path, gone, stays) for each in value]
    return None if EVERYTHING_ELSE in gone else value


def _without_pair(element: Any, path: str, gone: set[str], stays: set[str]) -> Any:
    """An element of an array; `{key, value}` counts as the member of that name."""
    if not (isinstance(element, dict) and {"key", "value"} <= element.keys()):
        return _without(element, path, gone, stays)
    named = f"{path}.{element['key']}"
    is_going = named in gone or (named not in stays and EVERYTHING_ELSE in gone)
    return {**element, "value": None} if is_going else element


def _rewrite_parquet(source: Path, target: Path, cut: Cut) -> None:
    """Rows are counted from 1; those that go leave no trace, so that the rows below move up."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pq.read_table(source)
    for position, name in enumerate(table.column_names):
        blanked = [number - 1 for number, cells in cut.items() if cells is not None and position in cells]
        if blanked:
            values = table.column(name).to_pylist()
            for row in blanked:
                values[row] = None
            table = table.set_column(
                position,
                table.schema.field(position).with_nullable(True),
                pa.array(values, table.schema.field(position).type),
            )
    gone = {number - 1 for number, cells in cut.items() if cells is None}
    table = table.filter(pa.array([row not in gone for row in range(table.num_rows)]))
    pq.write_table(table, target)
