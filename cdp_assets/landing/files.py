"""Bytes on disk: originals under their hash, temporary names, syncs. Nothing here looks into a file."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from cdp_assets.landing.held import FileHeld
from cdp_assets.private_files import sync

BLOCK = 4 << 20
LOAD_ID_LENGTH = 16


def hash_file(path: Path) -> str:
    """SHA-256 of a file, hex."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def copy_hashed(source: Path, target: Path) -> str:
    """Copy a file's bytes; returns the SHA-256, hex, of what was copied."""
    digest = hashlib.sha256()
    with source.open("rb") as reader, target.open("wb") as writer:
        while block := reader.read(BLOCK):
            digest.update(block)
            writer.write(block)
    return digest.hexdigest()


def copy_delivered(source: Path, target: Path, sha256: str) -> None:
    """Copy a delivered file. Raises FileHeld where its bytes are no longer those that were hashed."""
    if copy_hashed(source, target) != sha256:
        raise FileHeld(
            "still_growing", "its bytes changed while it was copied", "it lands once it stands still"
        )


def original_path(originals_dir: Path, sha256: str) -> Path:
    """Where the copy of a delivered file is kept; the name holds nothing that a delivery chose."""
    return originals_dir / sha256[:2] / sha256


def keep_original(source: Path, originals_dir: Path, sha256: str) -> Path:
    """Copy a delivered file under its hash, synced; a complete earlier copy is kept as it is.

    Raises FileHeld where the bytes are no longer those that were hashed.
    """
    target = original_path(originals_dir, sha256)
    if target.exists():
        return target
    make_private_dir(target.parent)
    with replacing(target) as temporary:
        copy_delivered(source, temporary, sha256)
    return target


@contextmanager
def replacing(target: Path) -> Iterator[Path]:
    """A temporary path that becomes `target` in one step, synced, when the block ends well; else it is removed."""
    temporary = target.with_name(target.name + ".tmp")
    try:
        yield temporary
        publish(temporary, target)
    finally:
        temporary.unlink(missing_ok=True)


def publish(temporary: Path, target: Path, *, sync_folder: bool = True) -> None:
    """Sync a finished file and give it its name; after a kill there is the old file, the new one or none.

    A caller that publishes many files into one folder may sync that folder once, at the end.
    """
    descriptor = os.open(temporary, os.O_RDWR)
    try:
        os.fchmod(descriptor, 0o600)
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    temporary.replace(target)
    if sync_folder:
        sync(target.parent)


def make_private_dir(folder: Path) -> Path:
    """Create a folder (and its parents) that only the owner may enter."""
    if not folder.is_dir():
        make_private_dir(folder.parent)
        folder.mkdir(exist_ok=True, mode=0o700)
    return folder
