"""Files of a home for its owner's eyes alone."""

from __future__ import annotations

import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

_AT_ONCE = 8  # a disk takes several at once in the time of one


def write_private(path: Path, content: bytes, *, is_synced: bool = True) -> None:
    """Write a file whole or not at all, under another name first, owner-only. is_synced: not asked of what can be made again."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        if is_synced:
            file.flush()
            os.fsync(file.fileno())
    temporary.replace(path)


def sync_files(paths: Iterable[Path]) -> None:
    """Have files and folders that were written without it on the disk: many at once take a fraction of one by one."""
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        for _ in pool.map(_sync, paths):
            pass


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
