"""Who still reads files that were replaced or removed: a process that has one open goes on seeing what was in it.

Told by the links of Linux's /proc, of this user's processes on this machine (of everybody's for root); elsewhere nobody is seen.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

PROCESSES = Path("/proc")
GONE = " (deleted)"
KINDS = (".duckdb", ".parquet")


def still_reading(home: Path) -> list[int]:
    """Processes, but this one, that have a database or Parquet file open which lay below `home` and is gone."""
    below = f"{os.path.realpath(home)}/"
    return sorted(
        int(process.name)
        for process in PROCESSES.glob("[0-9]*")
        if int(process.name) != os.getpid()
        and any(_is_replaced(each, below) for each in _open_files(process))
    )


def _is_replaced(name: str, below: str) -> bool:
    return name.startswith(below) and name.endswith(GONE) and name.removesuffix(GONE).endswith(KINDS)


def _open_files(process: Path) -> Iterator[str]:
    """Names of what a process has open; nothing of one that has ended, or is another user's."""
    try:
        for link in (process / "fd").iterdir():
            yield str(link.readlink())
    except OSError:
        return
