"""Which files of an export are new: by their bytes, or by a look alone where they look as they did when they were last read.

What a file looks like is its size, its times and its inode. Nothing is parsed here, and nothing is written but that look.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import duckdb
import pyarrow as pa

from cdp_assets.engine import given
from cdp_assets.landing import deliveries, ledger
from cdp_assets.landing.files import hash_file, original_path
from cdp_assets.landing.held import FileHeld, HeldFile, as_held
from cdp_assets.landing.inbox import InboxFile
from cdp_assets.landing.ledger import Load
from cdp_assets.landing.suppression.matches import Suppressed
from cdp_assets.settings import Settings
from cdp_assets.state import connect_state

# A file that changed twice within a tick of its file system's clock looks the same: one that changed so lately is read again.
TICK_SECONDS = 10

Look = tuple[int, int, int, int]  # size, modification time, change time, inode
Seen = dict[str, tuple[Look, str]]  # by file name: how it looked, and the hash of its bytes then


@dataclass(frozen=True)
class Known:
    """What the state says of an export's files: bytes that landed, (name, bytes) that are closed, the last content of each name, how files
    looked when they were last read, what waits, originals that were cut, and whom every file is to be kept free of."""

    landed: frozenset[str]
    closed: set[tuple[str, str]]
    latest: dict[str, str]
    seen: Seen
    waiting: list[tuple[InboxFile, str]]
    rewritten: dict[str, str]
    suppressed: Suppressed


@dataclass
class Arrived:
    """What lies in the inbox of one export, beside what the ledger knows of it.

    `loads`: bytes to parse; `duplicates`: bytes that landed before under another name; `changed`: names whose content is not
    what it was at their last delivery; `hashed`: files that had to be read.
    """

    landed: set[str]
    suppressed: Suppressed
    loads: list[Load] = field(default_factory=list)
    duplicates: list[Load] = field(default_factory=list)
    changed: list[Load] = field(default_factory=list)
    hashed: list[Load] = field(default_factory=list)
    held: list[HeldFile] = field(default_factory=list)
    known: int = 0


def read_known(con: duckdb.DuckDBPyConnection, channel: str, export: str) -> Known:
    """What state.duckdb, open as con, knows of the files of an export."""
    landed, closed = ledger.known_loads(con, channel, export)
    return Known(
        frozenset(landed),
        closed,
        deliveries.latest_contents(con, channel, export),
        _seen(con, channel, export),
        ledger.held_loads(con, channel, export),
        ledger.cut_originals(con, channel, export),
        ledger.suppressed_people(con),
    )


def find_new(settings: Settings, known: Known, files: Sequence[InboxFile]) -> Arrived:
    """Sort an export's files by what is known of their bytes; one that cannot be read is held, and the others go on.

    Deliveries that are held for what they would take away come again, from the inbox or from their kept originals.
    """
    found = Arrived(set(known.landed), known.suppressed)
    landed = set(known.landed)
    for file in sorted(files, key=lambda each: each.file_name):
        try:
            load = _as_delivered(_identified(file, known.seen, found), known.rewritten)
        except Exception as error:
            found.held.append(held_file(file, as_held(error)))
            continue
        if known.latest.get(file.file_name) != load.sha256:
            found.changed.append(load)
        if (file.file_name, load.sha256) in known.closed:
            found.known += 1
        elif load.sha256 in landed:
            found.duplicates.append(load)
        else:
            landed.add(load.sha256)
            found.loads.append(load)
    names = {file.file_name for file in files}
    for file, sha256 in known.waiting:
        original = original_path(settings.originals_dir, sha256)
        is_last = known.latest.get(file.file_name) == sha256 and file.file_name not in names
        if is_last and sha256 not in landed and original.exists():
            found.loads.append(Load(replace(file, path=original), sha256))
    return found


def _as_delivered(load: Load, rewritten: dict[str, str]) -> Load:
    """A file of the inbox that was written again without a person is still the delivery that it was."""
    return Load(load.file, rewritten.get(load.sha256, load.sha256))


def held_file(file: InboxFile, held: FileHeld) -> HeldFile:
    """The record of a file that waits."""
    return HeldFile(
        file.channel, file.export, file.file_name, file.size_bytes, held.reason_code, held.detail, held.remedy
    )


def remember_seen(settings: Settings, channel: str, export: str, found: Arrived) -> None:
    """Keep how the files looked that were read now; a run that read none writes nothing."""
    if not found.hashed:
        return
    rows = [
        {
            "channel": channel,
            "export": export,
            "file_name": load.file.file_name,
            **dict(zip(("size_bytes", "modified_ns", "changed_ns", "inode"), load.file.look, strict=True)),
            "delivered_sha256": load.sha256,
        }
        for load in found.hashed
    ]
    with connect_state(settings) as con, given(con, "given_looks", pa.Table.from_pylist(rows)):
        con.execute("insert or replace into inbox_seen by name select * from given_looks")


def _identified(file: InboxFile, seen: Seen, found: Arrived) -> Load:
    look, sha256 = seen.get(file.file_name, (None, ""))
    if look == file.look:
        return Load(file, sha256)
    load = Load(file, hash_file(file.path))
    if time.time() - file.changed_ns / 1e9 > TICK_SECONDS:
        found.hashed.append(load)
    return load


def _seen(con: duckdb.DuckDBPyConnection, channel: str, export: str) -> Seen:
    rows = con.execute(
        "select file_name, size_bytes, modified_ns, changed_ns, inode, delivered_sha256 from inbox_seen "
        "where channel = ? and export = ?",
        [channel, export],
    ).fetchall()
    return {
        name: ((size, modified, changed, inode), sha256)
        for name, size, modified, changed, inode, sha256 in rows
    }
