"""One run at a time per home: an advisory lock that the system drops when its holder dies."""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

EXIT_LOCKED = 75  # EX_TEMPFAIL of sysexits.h: try again later
_held: set[Path] = set()


class HomeLocked(RuntimeError):
    """Another run works on this home."""


@contextmanager
def hold(home: Path) -> Iterator[None]:
    """Hold HOME/run.lock; taking it again inside the same process is allowed. Raises HomeLocked at once."""
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = home / "run.lock"
    if path in _held:
        yield
        return
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.read(descriptor, 20).decode(errors="replace").strip() or "unknown"
            raise HomeLocked(
                f"another run (process {holder}) works on {home}: wait for it to end, then run again"
            ) from error
        os.truncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        _held.add(path)
        try:
            yield
        finally:
            _held.discard(path)
    finally:
        os.close(descriptor)
