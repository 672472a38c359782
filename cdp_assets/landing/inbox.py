"""What lies in the inbox: files matched to exports by name, and files that nothing matches.

Only names, sizes and times are looked at here; no file is opened.
"""

from __future__ import annotations

import os
import re
import stat
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from cdp_assets.landing.contract import ChannelContract, Export
from cdp_assets.landing.held import HeldFile, as_held
from cdp_assets.landing.residence import hold_strangers
from cdp_assets.settings import Settings

MAX_NAME_BYTES = 1000


@dataclass(frozen=True)
class InboxFile:
    """A delivered file that exactly one export matches."""

    path: Path
    channel: str
    export: str
    file_name: str  # path below the channel's folder
    size_bytes: int
    mtime_ns: int
    period: str | None  # letters and digits only, so that 2017-01-31 equals 20170131
    part: str | None
    changed_ns: int = 0
    inode: int = 0

    @property
    def look(self) -> tuple[int, int, int, int]:
        """What tells without reading it that a file is the same: size, modification time, change time, inode."""
        return self.size_bytes, self.mtime_ns, self.changed_ns, self.inode


@dataclass
class InboxScan:
    """Files per (channel, export), in name order, and every file that cannot be read yet, with its remedy."""

    files: dict[tuple[str, str], list[InboxFile]] = field(default_factory=dict)
    held: list[HeldFile] = field(default_factory=list)
    residence: str | None = None  # where the data of files that land must stay, if a contract says it

    def of(self, channel: str, export: str) -> list[InboxFile]:
        return self.files.get((channel, export), [])


def scan_inbox(settings: Settings, contracts: Mapping[str, ChannelContract]) -> InboxScan:
    """Match every file below the inbox to the one export whose filePattern fits; nothing is opened or moved."""
    scan = InboxScan()
    inbox = settings.inbox_dir
    if not inbox.is_dir():
        return scan
    for entry in sorted(os.scandir(inbox), key=lambda each: each.name):
        if entry.name.startswith("."):
            continue
        if not entry.is_dir(follow_symlinks=False):
            scan.held.append(_stray_file(entry))
        elif entry.name not in contracts:
            scan.held.extend(_unknown_folder(Path(entry.path), contracts))
        else:
            _scan_channel(Path(entry.path), contracts[entry.name], scan)
    hold_strangers(settings, contracts, scan)
    _hold_growing(scan, contracts)
    return scan


def _stray_file(entry: os.DirEntry[str]) -> HeldFile:
    return HeldFile(
        channel="",
        export=None,
        file_name=printable(entry.name),
        size_bytes=entry.stat(follow_symlinks=False).st_size,
        reason_code="not_in_a_channel_folder",
        detail="the file lies in the inbox itself",
        remedy="move it into the folder of its channel, inbox/<channel>/",
    )


def _unknown_folder(folder: Path, contracts: Mapping[str, ChannelContract]) -> list[HeldFile]:
    known = ", ".join(contracts) or "none yet"
    remedy = (
        f"rename the folder to a channel with a contract ({known}), or add the channel: "
        f"`onefold channel new {printable(folder.name)} FILE`"
    )
    found = [
        HeldFile(
            channel=printable(folder.name),
            export=None,
            file_name=printable(name),
            size_bytes=status.st_size,
            reason_code="unknown_channel",
            detail=f"no contract is named {printable(folder.name)}",
            remedy=remedy,
        )
        for name, _path, status in _walk(folder)
    ]
    return found


def _scan_channel(folder: Path, contract: ChannelContract, scan: InboxScan) -> None:
    names = {name: (path, status) for name, path, status in _walk(folder)}
    markers = {export.facts.done_marker for export in contract.exports if export.facts.done_marker}
    delivered = {name: found for name, found in names.items() if not name.endswith(tuple(markers))}
    for name, (path, status) in delivered.items():
        exports = [export for export in contract.exports if re.fullmatch(export.facts.file_pattern, name)]
        if problem := _problem(name, status, contract, exports, names):
            export_name = exports[0].name if len(exports) == 1 else None
            scan.held.append(HeldFile(contract.name, export_name, printable(name), status.st_size, *problem))
            continue
        export = exports[0]
        groups = _groups(export, name)
        scan.files.setdefault((contract.name, export.name), []).append(
            InboxFile(
                path,
                contract.name,
                export.name,
                name,
                status.st_size,
                status.st_mtime_ns,
                *groups,
                changed_ns=status.st_ctime_ns,
                inode=status.st_ino,
            )
        )


def _problem(
    name: str,
    status: os.stat_result,
    contract: ChannelContract,
    exports: list[Export],
    names: Mapping[str, object],
) -> tuple[str, str, str] | None:
    """Reason, detail and remedy of a file that must not be opened; None when it may."""
    if len(name.encode("utf-8", "surrogateescape")) > MAX_NAME_BYTES or printable(name) != name:
        return (
            "bad_file_name",
            "the name is too long or holds control or undecodable characters",
            "rename the file",
        )
    if not stat.S_ISREG(status.st_mode):
        return (
            "not_a_regular_file",
            "it is a link, a device or a pipe",
            "put the file itself there, not a link to it",
        )
    if not exports:
        return (
            "unmatched_file",
            f"no export of {contract.name} matches its name",
            f"rename it to match a filePattern in channels/{contract.name}.yaml "
            f"({', '.join(export.name for export in contract.exports)}), or add an export there",
        )
    if len(exports) > 1:
        both = " and ".join(export.name for export in exports[:2])
        return (
            "ambiguous_pattern",
            f"the exports {both} both match its name",
            f"make the filePatterns in channels/{contract.name}.yaml exclude each other",
        )
    marker = exports[0].facts.done_marker
    if marker and name + marker not in names:
        return (
            "no_done_marker",
            f"the marker file (name + {marker}) is not there yet",
            "wait for it, or create it",
        )
    if status.st_size == 0:
        return "empty_file", "it has no bytes", "ask the channel to deliver it again, then delete this one"
    return None


def _groups(export: Export, name: str) -> tuple[str | None, str | None]:
    match = re.fullmatch(export.facts.file_pattern, name)
    groups = match.groupdict() if match else {}
    period, part = groups.get("period"), groups.get("part")
    return (re.sub(r"\W|_", "", period) if period else None), (part.lower() if part else None)


def _hold_growing(scan: InboxScan, contracts: Mapping[str, ChannelContract]) -> None:
    """Files written within the last settleSeconds must have the same size and time after that long."""
    young: list[InboxFile] = []
    wait = 0.0
    for (channel, export), files in scan.files.items():
        facts = contracts[channel].export(export).facts
        if facts.done_marker:
            continue
        for file in files:
            age = time.time() - file.mtime_ns / 1e9
            if age < facts.settle_seconds:
                young.append(file)
                wait = max(wait, min(facts.settle_seconds, facts.settle_seconds - age))
    if not young:
        return
    time.sleep(wait)
    for file in young:
        held = _changed(file)
        if held:
            scan.files[file.channel, file.export].remove(file)
            scan.held.append(held)


def _changed(file: InboxFile) -> HeldFile | None:
    """Why a file that was seen a moment ago is not what it was."""
    try:
        status = file.path.stat()
    except OSError as error:
        why = as_held(error)
        return HeldFile(
            file.channel,
            file.export,
            file.file_name,
            file.size_bytes,
            why.reason_code,
            why.detail,
            why.remedy,
        )
    is_same = (status.st_size, status.st_mtime_ns) == (file.size_bytes, file.mtime_ns)
    return None if is_same else growing(file)


def growing(file: InboxFile) -> HeldFile:
    """The held record of a file that changed while it was looked at."""
    return HeldFile(
        file.channel,
        file.export,
        file.file_name,
        file.size_bytes,
        "still_growing",
        "its size or time changed while it was looked at",
        "it lands with the next run once it stands still; let the sender write elsewhere and move it in",
    )


def _walk(folder: Path) -> Iterator[tuple[str, Path, os.stat_result]]:
    """Files below a folder in name order, hidden ones and linked folders left out."""
    for root, folders, files in os.walk(folder, followlinks=False):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted([*files, *(each for each in folders if Path(root, each).is_symlink())]):
            if not name.startswith("."):
                path = Path(root, name)
                with suppress(FileNotFoundError):  # gone between the listing and this look
                    yield path.relative_to(folder).as_posix(), path, path.lstat()


def printable(name: str) -> str:
    """A name fit for a message: undecodable bytes and control characters escaped, 200 characters at most."""
    shown = name.encode("utf-8", "backslashreplace").decode()
    return "".join(char if char.isprintable() else f"\\x{ord(char):02x}" for char in shown)[:200]
