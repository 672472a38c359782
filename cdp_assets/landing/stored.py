"""Damage at rest: stored files are compared with the hashes that the ledger has of them, and landed ones mended from their originals.

A flipped bit in a Parquet file is often read without a word, and differently. So landed files are hashed before a build reads them, the
rest (originals, quarantine, loads that were replaced) in turn within thirty runs, and everything by `onefold doctor --deep` and before a
backup.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from cdp_assets.landing.files import hash_file, original_path
from cdp_assets.landing.inbox import InboxFile
from cdp_assets.landing.ledger import Load
from cdp_assets.landing.turns import is_in_turn, turn_of
from cdp_assets.settings import Settings
from cdp_assets.state import connect_state


class LandingDamaged(RuntimeError):
    """A landed file is not what it was, and its original is not there to land it again."""


@dataclass(frozen=True)
class StoredLoad:
    """One load, what the ledger has of its files, and whether all of them are looked at now."""

    channel: str
    export: str
    file_name: str
    size_bytes: int
    period: str | None
    part: str | None
    load_id: str
    delivered: str
    stored: str
    parquet: str | None
    quarantine: str | None
    status: str
    is_current: bool
    has_original: bool

    @property
    def name(self) -> str:
        return f"{self.channel}/{self.file_name}"


@dataclass(frozen=True)
class Stored:
    """The loads of an export that keep files, and the number of the turn of verification."""

    turn: int
    loads: tuple[StoredLoad, ...]


@dataclass(frozen=True)
class Damage:
    """What the files of an export came to: loads that can be landed again from their whole originals, and what cannot be mended, in words."""

    mendable: list[Load]
    lost: list[str]


def remember_stored(
    con: duckdb.DuckDBPyConnection, settings: Settings, channel: str, export: str, load_ids: Sequence[str]
) -> None:
    """Enter the hashes of landed files and of their quarantine, just written; whoever rewrites one (an erasure) calls this, too."""
    for load_id in load_ids:
        quarantine = quarantine_path(settings, channel, export, load_id)
        con.execute(
            "update loads set parquet_sha256 = ?, quarantine_sha256 = ? "
            "where channel = ? and export = ? and load_id = ? and status = 'landed'",
            [
                hash_file(landed_path(settings, channel, export, load_id)),
                hash_file(quarantine) if quarantine.exists() else None,
                channel,
                export,
                load_id,
            ],
        )


def landed_path(settings: Settings, channel: str, export: str, load_id: str) -> Path:
    return settings.landing_dir / channel / export / f"{load_id}.parquet"


def quarantine_path(settings: Settings, channel: str, export: str, load_id: str) -> Path:
    return settings.quarantine_dir / channel / export / f"{load_id}.parquet"


def read_stored(con: duckdb.DuckDBPyConnection, channel: str, export: str) -> Stored:
    """What the ledger, open as con, has of an export's stored files, and the run's turn."""
    return Stored(turn_of(con), tuple(_loads(con, (channel, export))))


def find_damage(settings: Settings, stored: Stored) -> Damage:
    """Look at the landed file of every current load of an export, and at all files of the loads whose turn it is.

    A load from before hashes were kept gets its hash now. Raises LandingDamaged where a current load is damaged and its original is gone or
    damaged, too: nothing can be built on it.
    """
    unhashed = [load for load in stored.loads if load.status == "landed" and load.parquet is None]
    unhashed = [load for load in unhashed if landed_path(settings, *_place(load)).exists()]
    if unhashed:
        with connect_state(settings) as con:
            for load in unhashed:
                remember_stored(con, settings, load.channel, load.export, [load.load_id])
    found = Damage([], [])
    for load in stored.loads:
        if load not in unhashed:
            _look_at(settings, load, is_in_turn(load.delivered, stored.turn), found)
    return found


def _look_at(settings: Settings, load: StoredLoad, is_turn: bool, found: Damage) -> None:
    """Add what is wrong with a load to `found`."""
    wrong = _wrong_files(settings, load) if load.is_current or is_turn else []
    needed = bool(wrong) and load.is_current
    wrong += _wrong_quarantine(settings, load) if is_turn else []
    wrong_original = _wrong_original(settings, load) if wrong or is_turn else []
    if not wrong:
        found.lost.extend(wrong_original)
    elif not wrong_original and _original(settings, load).exists():
        found.mendable.append(_load(settings, load))
    elif needed:
        raise LandingDamaged(
            f"what landed of {load.name} is damaged on the disk, and so is its original, or it is past its "
            "retention: restore the last backup (`onefold restore`), and look at the disk"
        )
    else:
        found.lost.extend([*wrong, *wrong_original])


def verify_landing(settings: Settings) -> list[str]:
    """Every stored file that is not what the ledger says, in words: landed and quarantined rows of all loads, and the originals that are kept."""
    with connect_state(settings, read_only=True) as con:
        loads = list(_loads(con))
    return [
        line
        for load in loads
        for line in (
            *_wrong_files(settings, load),
            *_wrong_quarantine(settings, load),
            *_wrong_original(settings, load),
        )
    ]


def _loads(con: duckdb.DuckDBPyConnection, only: tuple[str, str] | None = None) -> Iterator[StoredLoad]:
    rows = con.execute(
        """
        select
            channel, export, file_name, size_bytes, period, part, load_id, delivered_sha256, stored_sha256, parquet_sha256,
            quarantine_sha256, status, is_current, original_removed_at is null
        from loads
        where status in ('landed', 'held') and ($channel is null or (channel = $channel and export = $export))
        order by channel, export, file_name, load_id
        """,
        {"channel": only and only[0], "export": only and only[1]},
    ).fetchall()
    return (StoredLoad(*row) for row in rows)


def _wrong_files(settings: Settings, load: StoredLoad) -> list[str]:
    """A held load has landed nothing."""
    path = landed_path(settings, *_place(load))
    if load.status != "landed" or _is_whole(path, load.parquet):
        return []
    return [f"{load.name}: its landed file is {'not what was written' if path.exists() else 'missing'}"]


def _wrong_quarantine(settings: Settings, load: StoredLoad) -> list[str]:
    path = quarantine_path(settings, *_place(load))
    if load.quarantine is None or _is_whole(path, load.quarantine):
        return []
    return [f"{load.name}: its quarantined rows are {'not what was written' if path.exists() else 'missing'}"]


def _wrong_original(settings: Settings, load: StoredLoad) -> list[str]:
    path = _original(settings, load)
    if not load.has_original or _is_whole(path, load.stored):
        return []
    return [f"{load.name}: its original is {'not what was delivered' if path.exists() else 'missing'}"]


def _is_whole(path: Path, sha256: str | None) -> bool:
    return path.exists() and (sha256 is None or hash_file(path) == sha256)


def _original(settings: Settings, load: StoredLoad) -> Path:
    return original_path(settings.originals_dir, load.delivered)


def _place(load: StoredLoad) -> tuple[str, str, str]:
    return load.channel, load.export, load.load_id


def _load(settings: Settings, load: StoredLoad) -> Load:
    about = (load.channel, load.export, load.file_name, load.size_bytes, 0, load.period, load.part)
    return Load(InboxFile(_original(settings, load), *about), load.delivered)
