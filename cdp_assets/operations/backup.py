"""Backup and restore of what must last: landing/, state.duckdb, inboxes, saved audiences, proposals that wait, and the key.

A backup is a folder with the files as they are and a list of them with their SHA-256; an encrypted one has numbered files and their list under one
key (`backup_keys`), and says in clear only which key that is. Files that tell platforms to remove who was erased are left out: the next activation
proposes them again from the vault. The warehouse and the published generations are not in it: a run makes them anew.
Both functions expect the home's lock to be held.
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
from typing import Any

import pyrage

from cdp_assets.activation import vault
from cdp_assets.landing.files import make_private_dir
from cdp_assets.landing.stored import verify_landing
from cdp_assets.operations import backup_keys
from cdp_assets.operations.backup_keys import BackupKey
from cdp_assets.private_files import sync
from cdp_assets.settings import Settings
from cdp_assets.state import connect_state

LIST_NAME, SEALED_LIST = "backup.json", "list.age"
FORMAT, SEALED_FORMAT = 1, 2
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
    key_id: str | None = None  # of an encrypted one


def make_backup(
    settings: Settings, folder: Path, *, with_key: bool = True, seal: BackupKey | None = None
) -> Backup:
    """Write a backup of the home into a new folder, owner-only, encrypted to `seal` if given. It is there whole or not at all."""
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
    made = _write(settings, folder, partial, with_key=with_key, seal=seal)
    if folder.exists():
        folder.rmdir()
    partial.rename(folder)
    return made


def _write(
    settings: Settings, folder: Path, partial: Path, *, with_key: bool, seal: BackupKey | None
) -> Backup:
    """Copy or encrypt every file into `partial`, and write the list."""
    secret = vault.files_with_keys(settings)
    sources = [
        source
        for part in PARTS
        if part != KEY or with_key
        for source in _files_of(settings.home / part)
        if source.relative_to(settings.home).as_posix() not in secret
    ]
    files: dict[str, dict[str, object]] = {}
    for number, source in enumerate(sources, 1):
        name = source.relative_to(settings.home).as_posix()
        files[name] = _copy(source, partial / name) if seal is None else _seal(source, partial, number, seal)
    made = _backup(folder, files, seal.key_id if seal else None)
    contents = {"format": FORMAT, "onefold": version("onefold"), "has_key": made.has_key, "files": files}
    if seal:
        sealed = pyrage.encrypt(
            json.dumps(contents).encode(), [pyrage.x25519.Recipient.from_str(seal.recipient)]
        )
        _write_synced(partial / SEALED_LIST, sealed)
        contents = {
            "format": SEALED_FORMAT, "onefold": version("onefold"), "key_id": seal.key_id,
            "list_sha256": hashlib.sha256(sealed).hexdigest(),
        }  # fmt: skip
    _write_synced(partial / LIST_NAME, json.dumps(contents, indent=1).encode())
    return made


def restore_backup(settings: Settings, folder: Path) -> Backup:
    """Put a backup into a home that has no state yet, after checking every file of it.

    A restore that was killed can be repeated. Raises BackupProblem for a home in use and for a damaged backup, KeyProblem where the key of an
    encrypted one is not there.
    """
    files, key_id = _read_list(settings, folder)
    secret = backup_keys.identity(backup_keys.folder_of(settings), key_id) if key_id else None
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
        written = (
            _copy(folder / name, settings.home / name)
            if secret is None
            else _unseal(folder / str(files[name]["sealed_as"]), settings.home / name, secret)
        )
        if written != {"size_bytes": files[name]["size_bytes"], "sha256": files[name]["sha256"]}:
            raise BackupProblem(
                f"{name} was written otherwise than it was read: check the disk, then restore again"
            )
    unfinished.unlink()
    return _backup(folder, files, key_id)


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


def _seal(source: Path, partial: Path, number: int, key: BackupKey) -> dict[str, object]:
    """Encrypt one file under a number for its name; what it is in clear, and the hash of what was written."""
    target = partial / f"{number:06d}.age"
    plain = {"size_bytes": source.stat().st_size, "sha256": _sha256(source)}
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT, 0o600))
    pyrage.encrypt_file(str(source), str(target), [pyrage.x25519.Recipient.from_str(key.recipient)])
    sync(target)
    return {
        **plain,
        "sealed_as": target.name,
        "sealed_bytes": target.stat().st_size,
        "sealed_sha256": _sha256(target),
    }


def _unseal(source: Path, target: Path, secret: pyrage.x25519.Identity) -> dict[str, object]:
    """Decrypt one file, owner-only and synced; its size and SHA-256."""
    make_private_dir(target.parent)
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600))
    try:
        pyrage.decrypt_file(str(source), str(target), [secret])
    except pyrage.DecryptError:
        raise BackupProblem(f"{source.name} cannot be opened with its key: use another backup") from None
    sync(target)
    return {"size_bytes": target.stat().st_size, "sha256": _sha256(target)}


def _write_synced(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        os.fchmod(file.fileno(), 0o600)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def key_of(folder: Path) -> str | None:
    """The id of the key that a backup is encrypted to; None for one in clear. Raises BackupProblem for what is no backup."""
    contents = _contents(folder)
    return str(contents["key_id"]) if contents["format"] == SEALED_FORMAT else None


def _contents(folder: Path) -> dict[str, Any]:
    path = folder / LIST_NAME
    if not path.exists():
        raise BackupProblem(
            f"{folder} is no backup: it has no {LIST_NAME}; name a folder that `onefold backup` made"
        )
    contents: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return contents


def _read_list(settings: Settings, folder: Path) -> tuple[dict[str, dict[str, object]], str | None]:
    """What a backup holds by name, and the id of its key if it is encrypted."""
    contents, key_id = _contents(folder), key_of(folder)
    if key_id is not None:
        secret, sealed = backup_keys.identity(backup_keys.folder_of(settings), key_id), folder / SEALED_LIST
        if not sealed.is_file() or _sha256(sealed) != contents["list_sha256"]:
            raise BackupProblem(f"{SEALED_LIST} in {folder} is missing or damaged: use another backup")
        contents = json.loads(pyrage.decrypt(sealed.read_bytes(), [secret]))
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
    return files, key_id


def _check(folder: Path, files: dict[str, dict[str, object]]) -> None:
    for name, expected in files.items():
        path = folder / str(expected.get("sealed_as", name))
        size, sha256 = (
            (expected["sealed_bytes"], expected["sealed_sha256"])
            if "sealed_as" in expected
            else (expected["size_bytes"], expected["sha256"])
        )
        if not path.is_file() or path.stat().st_size != size or _sha256(path) != sha256:
            raise BackupProblem(f"{name} in {folder} is missing or damaged: use another backup")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _backup(folder: Path, files: dict[str, dict[str, object]], key_id: str | None) -> Backup:
    size = sum(int(str(each["size_bytes"])) for each in files.values())
    return Backup(folder, len(files), size, KEY in files, key_id)
