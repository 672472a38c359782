"""What lies in the inbox, and whether a drop is complete: looked at twice, unchanged, and closed by its done-markers.

Nothing is opened here; landing reads the files.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from cdp_assets.errors import Problem
from cdp_assets.landing.contract import ChannelContract, load_contracts
from cdp_assets.landing.inbox import scan_inbox
from cdp_assets.settings import Settings
from cdp_assets.state import connect_state


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


class NothingDelivered(Problem):
    """A home that never landed a file, with an inbox that holds none."""


def require_deliveries(settings: Settings) -> None:
    """Raises NothingDelivered where a run would have nothing at all to build from; any file, also one that will be held, is something."""
    with connect_state(settings, read_only=True) as con:
        if con.execute("select 1 from loads limit 1").fetchall():
            return
    contracts = load_contracts(*settings.contract_dirs)
    found = scan_inbox(settings, contracts)
    if not found.files and not found.held:
        raise NothingDelivered(
            "no file was ever delivered, so there is nothing to build from",
            f"the inbox {settings.inbox_dir}"
            + ("" if settings.inbox_dir.is_dir() else ", which does not exist"),
            f"put files into <inbox>/<channel>/ ({', '.join(sorted(contracts))}), or name another inbox (--inbox, ONEFOLD_INBOX)",
        )


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
