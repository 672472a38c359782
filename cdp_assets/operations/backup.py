"""Backup and restore of what must last: landing/, state.duckdb, inboxes, saved audiences, proposals that wait, and the key.

A backup is a folder with the files as they are and a list of them with their SHA-256. The warehouse and the published
generations are not in it: a run makes them anew. Both functions expect the home's lock to be held.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from cdp_assets.landing.files import make_private_dir
from cdp_assets.landing.stored import verify_landing
from cdp_assets.settings import Settings
from cdp_assets.state import connect_state

LIST_NAME = "backup.json"
FORMAT = 1
STATE, KEY = "state.duckdb", "key"
# In the order of a restore: state comes last, so that a home with a state is a whole one.
PARTS = ("landing", "rulings_inbox", "audiences_inbox", "audiences", "activation", KEY, STATE)
UNFINISHED = ".restoring"


class BackupProblem(RuntimeError):
    """A backup could not be made or used; the message says what to do. Nothing was replaced."""


@dataclass(frozen=True)
class Backup:
    """A backup that was made or restored."""

    folder: Path
    file_count: int
    size_bytes: int
    has_key: bool


def make_backup(settings: Settings, folder: Path, *, with_key: bool = True) -> Backup:
    """Write a backup of the home into a new folder, owner-only. It is there whole or not at all."""
    folder = folder.expanduser().absolute()
    if not settings.state_path.exists():
        raise BackupProblem(
            f"{settings.home} has no state.duckdb: there is nothing to back up before the first run"
        )
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise BackupProblem(f"{folder} is there already: name a new folder, one for each backup")
    if folder.is_relative_to(settings.home):
        raise BackupProblem(f"{folder} is inside the home that it shall outlive: name a folder elsewhere")
    _merge_write_ahead_log(settings)
    if wrong := verify_landing(settings):
        raise BackupProblem(
            f"{len(wrong)} stored files are damaged, the first: {wrong[0]}. A backup would keep the damage: `onefold run` lands them "
            "again from their originals, `onefold doctor --deep` names them all"
        )
    partial = folder.with_name(f".{folder.name}.partial")
    if partial.exists():
        shutil.rmtree(partial)
    partial.mkdir(parents=True, mode=0o700)
    files = {}
    for part in PARTS:
        if part == KEY and not with_key:
            continue
        for source in _files_of(settings.home / part):
            name = source.relative_to(settings.home).as_posix()
            files[name] = _copy(source, partial / name)
    made = _backup(folder, files)
    contents = {"format": FORMAT, "onefold": version("onefold"), "has_key": made.has_key, "files": files}
    _write_synced(partial / LIST_NAME, json.dumps(contents, indent=1).encode())
    if folder.exists():
        folder.rmdir()
    partial.rename(folder)
    return made


def restore_backup(settings: Settings, folder: Path) -> Backup:
    """Put a backup into a home that has no state yet, after checking every file of it.

    A restore that was killed can be repeated. Raises BackupProblem for a home in use and for a damaged backup.
    """
    files = _read_list(folder)
    unfinished = settings.home / UNFINISHED
    in_use = [
        part for part in PARTS if (settings.home / part).exists() and any(_files_of(settings.home / part))
    ]
    if in_use and not unfinished.exists():
        raise BackupProblem(
            f"{settings.home} already has {', '.join(in_use)}: restore into a new home (--home), or move them away"
        )
    _check(folder, files)
    settings.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    unfinished.touch(mode=0o600)
    for part in PARTS:
        _remove(settings.home / part)
    for name in sorted(files, key=lambda name: (PARTS.index(name.split("/")[0]), name)):
        if _copy(folder / name, settings.home / name) != files[name]:
            raise BackupProblem(
                f"{name} was written otherwise than it was read: check the disk, then restore again"
            )
    unfinished.unlink()
    return _backup(folder, files)


def _merge_write_ahead_log(settings: Settings) -> None:
    """Opening state applies what a killed run left in its log; closing leaves one file that says it all."""
    with connect_state(settings) as con:
        con.execute("checkpoint")
    if settings.state_path.with_name(f"{STATE}.wal").exists():
        raise BackupProblem(
            f"{STATE} has a write-ahead log that could not be merged: free space on the disk, then try again"
        )


def _files_of(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
    elif path.is_dir():
        yield from sorted(each for each in path.rglob("*") if each.is_file() and not each.is_symlink())


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _copy(source: Path, target: Path) -> dict[str, object]:
    """Copy one file, owner-only and synced; returns its size and the SHA-256 of what was read."""
    make_private_dir(target.parent)
    digest, size = hashlib.sha256(), 0
    with source.open("rb") as read, target.open("wb") as written:
        os.fchmod(written.fileno(), 0o600)
        while block := read.read(1 << 20):
            written.write(block)
            digest.update(block)
            size += len(block)
        written.flush()
        os.fsync(written.fileno())
    return {"size_bytes": size, "sha256": digest.hexdigest()}


def _write_synced(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _read_list(folder: Path) -> dict[str, dict[str, object]]:
    path = folder / LIST_NAME
    if not path.exists():
        raise BackupProblem(
            f"{folder} is no backup: it has no {LIST_NAME}; name a folder that `onefold backup` made"
        )
    contents = json.loads(path.read_text(encoding="utf-8"))
    if contents["format"] != FORMAT:
        raise BackupProblem(
            f"{folder} was made by Onefold {contents['onefold']}: restore it with that version"
        )
    files: dict[str, dict[str, object]] = contents["files"]
    strange = [name for name in files if name.split("/")[0] not in PARTS or ".." in name.split("/")]
    if strange:
        raise BackupProblem(
            f"{folder} lists {len(strange)} files that belong in no home: the list was changed; use another backup"
        )
    return files


def _check(folder: Path, files: dict[str, dict[str, object]]) -> None:
    for name, expected in files.items():
        path = folder / name
        if (
            not path.is_file()
            or path.stat().st_size != expected["size_bytes"]
            or _sha256(path) != expected["sha256"]
        ):
            raise BackupProblem(f"{name} in {folder} is missing or damaged: use another backup")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _backup(folder: Path, files: dict[str, dict[str, object]]) -> Backup:
    size = sum(int(str(each["size_bytes"])) for each in files.values())
    return Backup(folder, len(files), size, KEY in files)
