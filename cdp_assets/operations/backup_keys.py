"""Keys of encrypted backups (age, X25519): one for a while, then the next. A key that is destroyed takes all backups under it with it.

They live in a folder of their own, outside the home and outside backups: beside the home they would die with its disk, and inside a backup they
would open it. A key's file is what `age-keygen` writes, so that `age --decrypt` opens a backup, too.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import pyrage

from cdp_assets.errors import Problem
from cdp_assets.landing.files import make_private_dir
from cdp_assets.private_files import sync
from cdp_assets.settings import Settings

SUFFIX = ".agekey"


class KeyProblem(Problem):
    """A key of backups that is not there, or a folder of keys that cannot be used."""


@dataclass(frozen=True)
class BackupKey:
    """key_id: the day that it was made on and the end of its public key."""

    key_id: str
    made_on: date
    recipient: str


def folder_of(settings: Settings) -> Path:
    """Where keys of backups are. Raises KeyProblem where nobody has said, or where they would share the fate of the home."""
    folder = settings.backup_keys
    if folder is None:
        raise KeyProblem(
            "nobody has said where keys of encrypted backups are kept",
            "ONEFOLD_BACKUP_KEYS",
            "set it to a folder on another disk than the home's and the backups': who has it can open them, without it nobody can",
        )
    if folder.is_relative_to(settings.home):
        raise KeyProblem(
            "the folder of backup keys is inside the home: both would be lost together",
            str(folder),
            "set ONEFOLD_BACKUP_KEYS to a folder on another disk",
        )
    return folder


def listed(folder: Path) -> list[BackupKey]:
    """The keys that are there, oldest first. Raises KeyProblem for a file that holds none."""
    return sorted(
        (_read(path) for path in folder.glob(f"*{SUFFIX}")), key=lambda key: (key.made_on, key.key_id)
    )


def current(folder: Path, today: date, days: int) -> BackupKey:
    """The key to encrypt to: the newest, or a new one where that is `days` old."""
    found = listed(folder) if folder.is_dir() else []
    if found and (today - found[-1].made_on).days < days:
        return found[-1]
    identity = pyrage.x25519.Identity.generate()
    recipient = str(identity.to_public())
    key = BackupKey(f"{today}-{recipient[-8:]}", today, recipient)
    path = make_private_dir(folder) / f"{key.key_id}{SUFFIX}"
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        file.write(f"# created: {today}\n# public key: {recipient}\n{identity}\n")
        file.flush()
        os.fsync(file.fileno())
    sync(folder)
    return key


def identity(folder: Path, key_id: str) -> pyrage.x25519.Identity:
    """The secret that opens backups under a key. Raises KeyProblem where it is not there: those backups are gone."""
    path = folder / f"{key_id}{SUFFIX}"
    if Path(key_id).name != key_id or not path.is_file():
        raise KeyProblem(
            f"the key {key_id} is not there",
            str(folder),
            "name the folder that holds it (ONEFOLD_BACKUP_KEYS); if it was destroyed, nobody can open this backup any more, which was meant",
        )
    return _secret(path)


def destroy(folder: Path, key_id: str) -> None:
    """Write over a key and remove it: every backup under it is erased by that. What a disk keeps elsewhere of it is not reached."""
    identity(folder, key_id)
    path = folder / f"{key_id}{SUFFIX}"
    with path.open("r+b") as file:
        file.write(b"\0" * path.stat().st_size)
        file.flush()
        os.fsync(file.fileno())
    path.unlink()
    sync(folder)


def destroy_expired(settings: Settings, folder: Path, today: date) -> list[str]:
    """Destroy keys that are older than backups shall live (`keep_backup_keys_days`), but never the newest; their ids."""
    days = settings.keep_backup_keys_days
    gone = [
        key.key_id for key in listed(folder)[:-1] if days is not None and (today - key.made_on).days > days
    ]
    for key_id in gone:
        destroy(folder, key_id)
    return gone


def _read(path: Path) -> BackupKey:
    key_id = path.name.removesuffix(SUFFIX)
    try:
        return BackupKey(key_id, date.fromisoformat(key_id[:10]), str(_secret(path).to_public()))
    except ValueError as error:
        raise KeyProblem(
            "a file among the keys of backups holds none",
            str(path),
            "move it away, or put the key back from its copy",
        ) from error


def _secret(path: Path) -> pyrage.x25519.Identity:
    lines = [
        line
        for line in path.read_text(encoding="ascii", errors="replace").splitlines()
        if not line.startswith("#")
    ]
    try:
        return pyrage.x25519.Identity.from_str("".join(lines).strip())
    except pyrage.IdentityError:
        raise KeyProblem(
            "a file among the keys of backups holds none",
            str(path),
            "move it away, or put the key back from its copy",
        ) from None
