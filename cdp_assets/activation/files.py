"""Files of proposals under HOME/activation, owner-only: written beside, shown by a rename when state knows them, gone when answered.

`activation/<destination>/<audience>/<generation>-<sequence>/` holds the files of one proposal and manifest.json. What stands in state decides: what was
written and is not known there is removed, what is known and not shown yet is shown.
"""

from __future__ import annotations

import hashlib
import io
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from cdp_assets.activation.destination import Destination
from cdp_assets.activation.rendering import Shape, columns_of, file_name, packed, parquet_sql, shape_of
from cdp_assets.private_files import sync_files, write_private
from cdp_assets.settings import Settings

FOLDER, WRITING, REWRITING, MANIFEST = "activation", ".writing", ".rewriting", "manifest.json"
READ_AT_ONCE = 500_000  # rows


class Waiting(NamedTuple):
    """A file that waits for an answer, as state knows it."""

    batch_id: str
    sha256: str


Pending = Mapping[str, Mapping[str, Waiting]]
"""Folder → file → what state says of it."""


@dataclass(frozen=True)
class Part:
    """One file to be written: batch `chunk` of a list's operation and identifier (field None: all together)."""

    list_id: int
    operation: str
    field: str | None
    chunk: int
    row_count: int
    upload_before: date | None


@dataclass
class Batch:
    """One file that was written."""

    batch_no: int
    batch_id: str
    part: Part
    file_name: str
    sha256: str
    size_bytes: int

    def said(self) -> dict[str, Any]:
        """What a manifest says of it."""
        before = self.part.upload_before
        return {
            "batch": self.batch_id,
            "file": self.file_name,
            "operation": self.part.operation,
            "identifier": self.part.field,
            "rows": self.part.row_count,
            "sha256": self.sha256,
            "upload_before": str(before) if before else None,
        }


@dataclass
class Folder:
    """One proposal: the files of one list in one run."""

    destination: str
    audience: str
    generation: str
    sequence: int
    facts: dict[str, Any]
    batches: list[Batch] = field(default_factory=list)

    @property
    def name(self) -> str:
        return f"{self.destination}/{self.audience}/{self.generation}-{self.sequence}"


def folder_of(settings: Settings) -> Path:
    """HOME/activation, made owner-only."""
    folder = settings.home / FOLDER
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def render(
    con: duckdb.DuckDBPyConnection,
    destination: Destination,
    names: Mapping[int, str | int],
    parts: Sequence[Part],
) -> Iterator[tuple[Part, bytes]]:
    """Content of files, in an order of its own: those whose rows are written alike come of one query over the temporary table todo, ordered by list, chunk and key_id.

    `names`: list_id → the list's name at its platform.
    """
    alike: dict[tuple[str, str | None, str], list[Part]] = {}
    shapes: dict[tuple[int, str, str | None], Shape | None] = {}
    for part in parts:
        of = (part.list_id, part.operation, part.field)
        if of not in shapes:
            shapes[of] = _shape(destination, names[part.list_id], part)
        shape = shapes[of]
        alike.setdefault((part.operation, part.field, shape.row if shape else ""), []).append(part)
    for its in alike.values():
        for some in _portions(its):
            yield from _contents(con, destination, shapes, some)


def _shape(destination: Destination, list_name: str | int, part: Part) -> Shape | None:
    """How a part's file is put together; None of Parquet."""
    if destination.file.writer == "parquet":
        return None
    return shape_of(destination, _word(part), list_name, part.field)


def _word(part: Part) -> str:
    return "remove" if part.operation == "remove" else "add"


def _portions(parts: list[Part]) -> Iterator[list[Part]]:
    """Parts of as many lists as are read at once, each list whole."""
    some: list[Part] = []
    for _, of_list in groupby(
        sorted(parts, key=lambda each: (each.list_id, each.chunk)), key=lambda each: each.list_id
    ):
        some += of_list
        if sum(each.row_count for each in some) >= READ_AT_ONCE:
            yield some
            some = []
    if some:
        yield some


def _contents(
    con: duckdb.DuckDBPyConnection,
    destination: Destination,
    shapes: Mapping[tuple[int, str, str | None], Shape | None],
    parts: list[Part],
) -> Iterator[tuple[Part, bytes]]:
    """Content of files whose rows are written alike."""
    first, word = parts[0], _word(parts[0])
    shape = shapes[(first.list_id, first.operation, first.field)]
    row = f"{shape.row} as line" if shape else parquet_sql(columns_of(destination, word, first.field))
    listed = ", ".join(str(each) for each in sorted({part.list_id for part in parts}))
    table = con.sql(
        f"select {row} from todo where operation = ? and part = ? and list_id in ({listed}) order by list_id, chunk, key_id",
        params=[first.operation, first.field or ""],
    ).to_arrow_table()
    offset = 0
    for part in parts:
        its = shapes[(part.list_id, part.operation, part.field)]
        rows = table.slice(offset, part.row_count).combine_chunks()
        offset += part.row_count
        if its is None:
            written = io.BytesIO()
            pq.write_table(rows, written)
            yield part, written.getvalue()
        else:
            lines = rows["line"].chunk(0) if rows.num_rows else pa.array([], pa.string())
            content = _joined(its, lines)
            yield part, packed(content, destination.file.compress, f"{word}.{destination.file.extension}")


def note(folder: Folder, destination: Destination, part: Part, batch_no: int) -> Batch:
    """Enter a file that is to be written among its proposal's; `write` fills in what it holds."""
    word = file_word(part)
    number = 1 + sum(file_word(each.part) == word for each in folder.batches)
    batch_id = f"{folder.name}/{word}-{number:03d}"
    batch = Batch(batch_no, batch_id, part, file_name(destination, word, number), "", 0)
    folder.batches.append(batch)
    return batch


def write(settings: Settings, folder: Folder, batch: Batch, content: bytes) -> None:
    """Write one file beside. `make_durable` has it on the disk before state knows of it."""
    place = folder_of(settings) / WRITING / folder.name
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_private(place / batch.file_name, content, is_synced=False)
    batch.sha256, batch.size_bytes = hashlib.sha256(content).hexdigest(), len(content)


def make_durable(settings: Settings) -> None:
    """Have on the disk all that was written beside: state knows of no file that a power cut takes away."""
    for folder in (WRITING, REWRITING):
        root = folder_of(settings) / folder
        if root.exists():
            sync_files([root, *root.rglob("*")])


def file_word(part: Part) -> str:
    """How a file's name begins: add, also of one that replaces the list, remove, event or adjustment."""
    return "add" if part.operation == "replace" else part.operation


def write_manifest(settings: Settings, folder: Folder) -> None:
    """Write the proposal's manifest beside its files."""
    said = {**folder.facts, "batches": [each.said() for each in folder.batches]}
    text = json.dumps(said, ensure_ascii=False, indent=1) + "\n"
    place = folder_of(settings) / WRITING / folder.name
    write_private(place / MANIFEST, text.encode(), is_synced=False)


def show(settings: Settings, pending: Pending) -> list[str]:
    """Bring the folder in line with state. `pending`: what waits for an answer and may be offered.

    Written and known: shown. Written and unknown: removed. Shown and no longer pending: removed. Returns batch ids whose file is missing.
    """
    root = folder_of(settings)
    for written in sorted((root / WRITING).glob("*/*/*")):
        target = root / written.relative_to(root / WRITING)
        if target.relative_to(root).as_posix() in pending and not target.exists():
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            written.rename(target)
    shutil.rmtree(root / WRITING, ignore_errors=True)
    for written in sorted((root / REWRITING).glob("*/*/*")):
        name = written.relative_to(root / REWRITING).as_posix()
        _show_again(written, root / name, pending.get(name, {}))
    shutil.rmtree(root / REWRITING, ignore_errors=True)
    for shown in sorted(each for each in root.glob("*/*/*") if each.is_dir()):
        _bring_in_line(shown, pending.get(shown.relative_to(root).as_posix()))
    return [
        waiting.batch_id
        for name, known in pending.items()
        for file, waiting in known.items()
        if not (root / name / file).exists()
    ]


def _show_again(written: Path, target: Path, known: Mapping[str, Waiting]) -> None:
    """Put files that were written again in their place, those that state knows so; their manifest comes last."""
    for file, waiting in known.items():
        path = written / file
        if path.exists() and hashlib.sha256(path.read_bytes()).hexdigest() == waiting.sha256:
            target.mkdir(parents=True, exist_ok=True, mode=0o700)
            path.replace(target / file)
    manifest = written / MANIFEST
    if not manifest.exists():
        return
    said = {
        each["batch"]: each["sha256"] for each in json.loads(manifest.read_text(encoding="utf-8"))["batches"]
    }
    if known and all(said.get(each.batch_id) == each.sha256 for each in known.values()):
        manifest.replace(target / MANIFEST)


def _bring_in_line(shown: Path, known: Mapping[str, Waiting] | None) -> None:
    """Remove what does not wait any more from one proposal's folder, or the whole of it."""
    if known is None:
        shutil.rmtree(shown)
        return
    gone = [path for path in shown.iterdir() if path.name not in {*known, MANIFEST} and not path.is_dir()]
    for path in gone:
        path.unlink()
    if gone:
        _forget(shown / MANIFEST, {each.batch_id for each in known.values()})


def put_back(settings: Settings, batch_id: str, file: str, content: bytes) -> None:
    """Write a shown file anew that had gone."""
    place = folder_of(settings) / Path(batch_id).parent
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    write_private(place / file, content)


def _forget(manifest: Path, pending: set[str]) -> None:
    """Say in a manifest which of its files wait no longer."""
    if not manifest.exists():
        return
    said = json.loads(manifest.read_text(encoding="utf-8"))
    for batch in said["batches"]:
        batch["waits"] = batch["batch"] in pending
    write_private(manifest, (json.dumps(said, ensure_ascii=False, indent=1) + "\n").encode())


def _joined(shape: Shape, rows: pa.Array) -> bytes:
    """Head, rows and tail as bytes."""
    head, tail = shape.head.encode(), shape.tail.encode()
    if not len(rows):
        return head + tail if shape.head and not shape.head.endswith("\n") else head
    one_list = pa.ListArray.from_arrays(pa.array([0, len(rows)], pa.int32()), rows)
    joined: bytes = pc.binary_join(one_list, shape.separator)[0].as_buffer().to_pybytes()
    return head + joined + tail


def step_counts(steps: list[Any]) -> list[dict[str, Any]]:
    """A waterfall as a manifest says it."""
    return [asdict(step) for step in steps]
