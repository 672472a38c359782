"""Files of a home for its owner's eyes alone."""

from __future__ import annotations

import os
from pathlib import Path


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
