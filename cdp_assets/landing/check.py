"""`onefold channel check`: what would land and what would not, and why, without writing anything into the home.

Files are parsed exactly as a run would parse them, in a folder of their own that is removed afterwards.
"""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from cdp_assets.landing.contract import ChannelContract, Export, load_contract
from cdp_assets.landing.files import hash_file, make_private_dir
from cdp_assets.landing.held import FileHeld, HeldFile
from cdp_assets.landing.inbox import printable, scan_inbox
from cdp_assets.landing.isolation.parser_setup import ParserSetup
from cdp_assets.landing.isolation.workers import run_jobs
from cdp_assets.landing.parse import ParseResult
from cdp_assets.landing.readers.inspection import ParseJob
from cdp_assets.settings import Settings


@dataclass(frozen=True)
class CheckedFile:
    """A file that would land: its counts, reasons of quarantine (code, column, rows, first line) and extra columns."""

    file_name: str
    export: str
    result: ParseResult


@dataclass
class ChannelCheck:
    """What `onefold channel check` found."""

    channel: str
    files: list[CheckedFile] = field(default_factory=list)
    held: list[HeldFile] = field(default_factory=list)
    misnamed: list[str] = field(default_factory=list)  # tried all the same, but in the inbox they would wait

    @property
    def is_clean(self) -> bool:
        """Every file would land and every row with it."""
        return (
            not self.held and not self.misnamed and all(file.result.quarantined == 0 for file in self.files)
        )


def check_channel(
    settings: Settings, name: str, files: Sequence[Path] = (), *, channels_dir: Path | None = None
) -> ChannelCheck:
    """Parse the given files, or those in the channel's inbox folder, into nothing. Raises ContractProblem.

    A given file is matched by its name; one that no pattern matches is tried as the only export, if there is just one.
    """
    contract = load_contract(channels_dir / f"{name}.yaml" if channels_dir else settings.contract_path(name))
    check = ChannelCheck(name)
    chosen = _given(contract, files, check) if files else _delivered(settings, contract, check)
    folder = Path(tempfile.mkdtemp(prefix="onefold-check-"))
    try:
        for export in contract.exports:
            paths = [(path, file_name) for path, file_name, found in chosen if found is export]
            if paths:
                _check_export(settings, contract, export, paths, folder, check)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return check


def _given(
    contract: ChannelContract, files: Sequence[Path], check: ChannelCheck
) -> list[tuple[Path, str, Export]]:
    chosen = []
    for path in files:
        found = [export for export in contract.exports if re.fullmatch(export.facts.file_pattern, path.name)]
        if not found and len(contract.exports) == 1:
            found = contract.exports
            check.misnamed.append(printable(path.name))
        if len(found) == 1:
            chosen.append((path, path.name, found[0]))
            continue
        check.held.append(
            HeldFile(
                contract.name,
                None,
                printable(path.name),
                path.stat().st_size,
                "ambiguous_pattern" if found else "unmatched_file",
                f"{len(found)} exports of {contract.name} match its name",
                f"rename the file, or correct the filePatterns in channels/{contract.name}.yaml",
            )
        )
    return chosen


def _delivered(
    settings: Settings, contract: ChannelContract, check: ChannelCheck
) -> list[tuple[Path, str, Export]]:
    scan = scan_inbox(settings, {contract.name: contract})
    check.held += [held for held in scan.held if held.channel == contract.name]
    return [(f.path, f.file_name, contract.export(f.export)) for files in scan.files.values() for f in files]


def _check_export(
    settings: Settings,
    contract: ChannelContract,
    export: Export,
    paths: list[tuple[Path, str]],
    folder: Path,
    check: ChannelCheck,
) -> None:
    jobs = []
    for number, (path, file_name) in enumerate(paths):
        work_dir = make_private_dir(folder / export.name / str(number))
        original = work_dir / "original"
        shutil.copyfile(path, original)  # DuckDB may touch this folder only, and the name holds no glob
        sha256 = hash_file(original)
        dialect = export.facts.dialect_for(file_name)
        jobs.append(
            ParseJob(
                channel=contract.name,
                export=export.in_dialect(dialect),
                dialect=dialect,
                original=original,
                load_id=f"{number}-{sha256[:8]}",
                file_name=file_name,
                period=None,
                part=None,
                parquet=work_dir / "landed.parquet",
                quarantine=work_dir / "quarantine.parquet",
                work_dir=work_dir,
                as_of_date=settings.as_of_date,
                has_suppressed=False,
            )
        )
    setup = ParserSetup([folder], settings.parser_memory_limit, settings.threads, b"check", [])
    outcomes = run_jobs(jobs, setup)
    for job in jobs:
        outcome = outcomes[job.load_id]
        if isinstance(outcome, FileHeld):
            size = job.original.stat().st_size
            held = (outcome.reason_code, outcome.detail, outcome.remedy)
            check.held.append(HeldFile(contract.name, export.name, printable(job.file_name), size, *held))
        else:
            check.files.append(CheckedFile(job.file_name, export.name, outcome))
