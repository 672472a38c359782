"""What lies in the inbox, and whether a drop is complete: looked at twice, unchanged, and closed by its done-markers.

Nothing is opened here; landing reads the files.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cdp_assets.landing.contract import ChannelContract


@dataclass(frozen=True)
class Drop:
    """The inbox at one moment. fingerprint: of paths, sizes, times; waiting_for: files that lack a done-marker."""

    fingerprint: str
    file_count: int
    waiting_for: tuple[str, ...]


@dataclass(frozen=True)
class Sighting:
    """What a sensor remembers from tick to tick: the drop that it saw last, and the one that it last ran for."""

    seen: str = ""
    handled: str = ""


def look(inbox: Path, contracts: Mapping[str, ChannelContract]) -> Drop:
    """The channels' folders of an inbox as they are now; hidden files and folders without a contract do not count."""
    digest, files, waiting = hashlib.sha256(), 0, []
    for channel in sorted(contracts):
        folder = inbox / channel
        for path in sorted(folder.rglob("*")):
            relative = path.relative_to(folder).as_posix()
            if path.name.startswith(".") or not path.is_file():
                continue
            found = path.stat()
            digest.update(f"{channel}/{relative}\0{found.st_size}\0{found.st_mtime_ns}\n".encode())
            files += 1
            if _lacks_marker(path, relative, contracts[channel]):
                waiting.append(f"{channel}/{relative}")
    return Drop(digest.hexdigest() if files else "", files, tuple(waiting))


def judge(drop: Drop, sighting: Sighting) -> tuple[bool, str, Sighting]:
    """(whether to run now, why or why not, what to remember).

    A drop is complete when it is the same at two looks in a row and every file that needs a done-marker has one.
    """
    if not drop.file_count or drop.fingerprint == sighting.handled:
        return False, "nothing new in the inbox", Sighting(drop.fingerprint, sighting.handled)
    if drop.fingerprint != sighting.seen:
        return False, f"{drop.file_count} files, still arriving", Sighting(drop.fingerprint, sighting.handled)
    if drop.waiting_for:
        names = ", ".join(drop.waiting_for[:3])
        return False, f"{len(drop.waiting_for)} files wait for their done-marker: {names}", sighting
    return True, f"{drop.file_count} files, complete", Sighting(drop.fingerprint, drop.fingerprint)


def _lacks_marker(path: Path, relative: str, contract: ChannelContract) -> bool:
    for export in contract.exports:
        marker = export.facts.done_marker
        patterns = [export.facts.file_pattern, *(variant.file_pattern for variant in export.facts.dialects)]
        if marker and any(re.fullmatch(pattern, relative) for pattern in patterns):
            return not path.with_name(path.name + marker).exists()
    return False
