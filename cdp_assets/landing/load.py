"""From the inbox to landing, export by export: exactly once, all or nothing per file.

The order is what makes a kill harmless: original copied and synced → ledger row opened → Parquet renamed into place →
ledger row closed. An opened row that was never closed is parsed again from its file and ends the same.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from cdp_assets.engine import scratch
from cdp_assets.keys import load_key
from cdp_assets.landing import deliveries, ledger, parked
from cdp_assets.landing.contract import ChannelContract, Export
from cdp_assets.landing.delivery_checks import judge_deliveries
from cdp_assets.landing.files import keep_original, make_private_dir, original_path
from cdp_assets.landing.held import FileHeld, HeldFile, as_held
from cdp_assets.landing.inbox import InboxFile, InboxScan, scan_inbox
from cdp_assets.landing.isolation.parser_setup import ParserSetup
from cdp_assets.landing.isolation.workers import run_jobs
from cdp_assets.landing.ledger import Load
from cdp_assets.landing.new_files import find_new, held_file, read_known, remember_seen
from cdp_assets.landing.parse import ParseResult, QuarantineReason, write_empty
from cdp_assets.landing.readers.inspection import ParseJob
from cdp_assets.landing.stored import LandingDamaged, find_damage, read_stored, remember_stored
from cdp_assets.landing.suppression.kept_files import as_delivered, is_stored, keep, stage
from cdp_assets.landing.suppression.matches import Suppressed
from cdp_assets.landing.turns import next_turn
from cdp_assets.settings import Settings
from cdp_assets.state import connect_state

EMPTY_NAME = "_empty.parquet"


@dataclass
class ExportReport:
    """Counts of one export in one run; rows are those of files that landed now."""

    channel: str
    export: str
    files_seen: int = 0
    files_landed: int = 0
    files_known: int = 0
    files_duplicate: int = 0
    # Files that were damaged on the disk: parsed again from their originals, and those that cannot be, in words.
    files_mended: int = 0
    files_lost: list[str] = field(default_factory=list)
    parsed_rows: int = 0
    landed_rows: int = 0
    quarantined_rows: int = 0
    duplicate_rows: int = 0
    erased_rows: int = 0
    anonymised_rows: int = 0
    future_rows: int = 0
    ambiguous_time_rows: int = 0
    extra_columns: list[str] = field(default_factory=list)
    reasons: list[QuarantineReason] = field(default_factory=list)
    held: list[HeldFile] = field(default_factory=list)

    @property
    def is_balanced(self) -> bool:
        """Law 2: every parsed row is landed, quarantined, a duplicate, erased or anonymised."""
        return self.parsed_rows == (
            self.landed_rows
            + self.quarantined_rows
            + self.duplicate_rows
            + self.erased_rows
            + self.anonymised_rows
        )

    def add(self, result: ParseResult) -> None:
        """Count one landed file in."""
        self.files_landed += 1
        self.parsed_rows += result.parsed
        self.landed_rows += result.landed
        self.quarantined_rows += result.quarantined
        self.duplicate_rows += result.duplicates
        self.erased_rows += result.erased
        self.anonymised_rows += result.anonymised
        self.future_rows += result.future
        self.ambiguous_time_rows += result.ambiguous
        self.extra_columns += [name for name in result.extra_columns if name not in self.extra_columns]
        self.reasons += result.reasons


@dataclass
class LandingReport:
    """What one run found in the inbox, per export, and the files that no export takes."""

    exports: list[ExportReport]
    unmatched: list[HeldFile]

    @property
    def held(self) -> list[HeldFile]:
        """Every file that waits, with reason and remedy."""
        return [*self.unmatched, *(held for report in self.exports for held in report.held)]

    @property
    def is_balanced(self) -> bool:
        return all(report.is_balanced for report in self.exports)


def export_dir(settings: Settings, channel: str, export: str) -> Path:
    """Where an export's Parquet files lie: one per load, and the typed empty one."""
    return settings.landing_dir / channel / export


def land_all(settings: Settings, contracts: Mapping[str, ChannelContract], run_id: str) -> LandingReport:
    """Scan the inbox and land every export. Held files do not stop the others."""
    ensure_empty(settings, contracts)
    scan = scan_inbox(settings, contracts)
    record_unmatched(settings, scan, run_id)
    refresh_current(settings, contracts)
    reports = [
        land_export(settings, contract, export, run_id, scan.of(contract.name, export.name))
        for contract in contracts.values()
        for export in contract.exports
    ]
    return LandingReport(reports, scan.held)


def record_unmatched(settings: Settings, scan: InboxScan, run_id: str) -> None:
    """Replace the state's list of waiting files by what this scan found; exports add theirs as they land."""
    with connect_state(settings) as con:
        con.begin()
        con.execute("delete from held_files")
        ledger.record_held(con, scan.held, run_id)
        if scan.residence:
            con.execute("insert or ignore into home_region values (?, now()::timestamp)", [scan.residence])
        con.commit()


def refresh_current(settings: Settings, contracts: Mapping[str, ChannelContract]) -> None:
    """Mark anew what is current: a delivery may have been accepted, a contract changed, since an export last had files.

    With that a run's turn of verification begins.
    """
    with connect_state(settings) as con:
        con.begin()
        next_turn(con)
        for contract in contracts.values():
            for export in contract.exports:
                deliveries.mark_current(con, contract.name, export)
        con.commit()


def land_export(
    settings: Settings, contract: ChannelContract, export: Export, run_id: str, files: Sequence[InboxFile]
) -> ExportReport:
    """Land the files of one export that have not landed before; returns counts only.

    Raises nothing for a bad file: it is held, with reason and remedy, in the report and in the state.
    """
    report = ExportReport(contract.name, export.name, files_seen=len(files))
    # one opening for all that is read here: of an export without news, opening the state is most of what landing costs
    with connect_state(settings, read_only=True) as con:
        stored = read_stored(con, contract.name, export.name)
        known = read_known(con, contract.name, export.name)
        is_any_parked = parked.is_any_parked(con, contract.name, export.name)
    damage = find_damage(settings, stored)
    report.files_mended, report.files_lost = len(damage.mendable), damage.lost
    if damage.mendable:
        _mend(settings, contract, export, run_id, damage.mendable, known.suppressed)
    found = find_new(settings, known, files)
    report.files_known, report.files_duplicate = found.known, len(found.duplicates)
    report.held += found.held
    # where people are suppressed, a file is kept only when they are cut out of it
    kept = list(found.loads) if found.suppressed else _keep_originals(settings, found.loads, report)
    changed = [load for load in found.changed if load in kept or load not in found.loads]
    if kept or changed:
        with connect_state(settings) as con:
            con.begin()
            ledger.open_loads(con, kept, contract.version, run_id)
            ledger.record_duplicates(con, found.duplicates, contract.version, run_id)
            deliveries.record_deliveries(con, changed, found.landed, run_id)
            con.commit()
    results = parse_loads(settings, contract, export, kept, found.suppressed, report) if kept else []
    if kept or changed or report.held or is_any_parked:
        landed = _close(settings, contract, export, run_id, kept, results, report)
        for _, result in landed:
            report.add(result)
    remember_seen(settings, contract.name, export.name, found)
    return report


def _mend(
    settings: Settings,
    contract: ChannelContract,
    export: Export,
    run_id: str,
    damaged: list[Load],
    suppressed: Suppressed,
) -> None:
    """Land damaged files again from their originals. Raises LandingDamaged where one no longer lands."""
    again = ExportReport(contract.name, export.name)
    results = parse_loads(settings, contract, export, damaged, suppressed, again)
    if again.held:
        raise LandingDamaged(
            f"what landed of {contract.name}/{again.held[0].file_name} is damaged on the disk, and its original no longer lands "
            f"({again.held[0].reason_code}): correct the contract, or restore the last backup"
        )
    with connect_state(settings) as con:
        con.begin()
        ledger.close_loads(con, results, contract.version, run_id)
        remember_stored(con, settings, contract.name, export.name, [load.load_id for load, _ in results])
        con.commit()


def _close(
    settings: Settings,
    contract: ChannelContract,
    export: Export,
    run_id: str,
    kept: list[Load],
    results: list[tuple[Load, ParseResult]],
    report: ExportReport,
) -> list[tuple[Load, ParseResult]]:
    """Judge what was parsed and close the ledger over it in one transaction; returns what landed."""
    by_hash = {load.sha256: result for load, result in results}
    with connect_state(settings) as con:
        con.begin()
        judged = judge_deliveries(con, contract.name, export, by_hash, run_id)
        landed = [(load, result) for load, result in results if load.sha256 in judged.landing]
        held = [
            (load, result, judged.held[load.sha256]) for load, result in results if load.sha256 in judged.held
        ]
        ledger.close_loads(con, landed, contract.version, run_id)
        remember_stored(con, settings, contract.name, export.name, [load.load_id for load, _ in landed])
        ledger.hold_loads(con, held, run_id)
        ledger.drop_open_loads(con, [load for load in kept if load.sha256 not in by_hash])
        report.held += judged.waiting
        ledger.record_held(con, report.held, run_id)
        deliveries.mark_current(con, contract.name, export)
        con.commit()
    for load, _, _ in held:
        (export_dir(settings, contract.name, export.name) / f"{load.load_id}.parquet").unlink(missing_ok=True)
    return landed


def _keep_originals(settings: Settings, loads: list[Load], report: ExportReport) -> list[Load]:
    make_private_dir(settings.originals_dir)
    kept = []
    for load in loads:
        try:
            keep_original(load.file.path, settings.originals_dir, load.sha256)
            kept.append(load)
        except Exception as error:
            report.held.append(held_file(load.file, as_held(error)))
    return kept


def parse_loads(
    settings: Settings,
    contract: ChannelContract,
    export: Export,
    loads: list[Load],
    suppressed: Suppressed,
    report: ExportReport,
) -> list[tuple[Load, ParseResult]]:
    """Parse files into Parquet and quarantine; those that cannot are added to report.held.

    Their originals are kept; where people are suppressed, they are kept here, and what is theirs is cut out before.
    """
    make_private_dir(settings.landing_dir)
    channel = loads[0].file.channel
    target = make_private_dir(export_dir(settings, channel, export.name))
    quarantine = make_private_dir(settings.quarantine_dir / channel / export.name)
    work_dir = Path(tempfile.mkdtemp(prefix="_work-", dir=settings.landing_dir))
    folders = [work_dir, settings.originals_dir, target, quarantine]
    setup = ParserSetup(
        folders, settings.parser_memory_limit, settings.threads, load_key(settings), suppressed.pseudonyms
    )
    staged = _stage_arrivals(settings, loads, work_dir, report) if suppressed else {}
    loads = [load for load in loads if load.load_id in staged or is_stored(settings, load) or not suppressed]
    jobs = [
        ParseJob(
            channel=channel,
            export=export.in_dialect(dialect),
            dialect=dialect,
            original=staged.get(load.load_id) or original_path(settings.originals_dir, load.sha256),
            load_id=load.load_id,
            file_name=load.file.file_name,
            period=load.file.period,
            part=load.file.part,
            parquet=target / f"{load.load_id}.parquet",
            quarantine=quarantine / f"{load.load_id}.parquet",
            work_dir=make_private_dir(work_dir / load.load_id),
            as_of_date=settings.as_of_date or datetime.now(UTC).date(),
            has_suppressed=bool(suppressed),
            phone_region=contract.facts.phone_region,
            suppressed_kinds=suppressed.kinds,
            holds=tuple((each.column, each.pseudonyms) for each in suppressed.holds_of(channel, export.name)),
        )
        for load in loads
        for dialect in [export.facts.dialect_for(load.file.file_name)]
    ]
    results = []
    try:
        outcomes = run_jobs(jobs, setup)
        for load in loads:
            outcome = outcomes[load.load_id]
            if isinstance(outcome, FileHeld):
                report.held.append(held_file(load.file, outcome))
                continue
            keep(settings, load, staged.get(load.load_id), outcome.cut)
            results.append((load, outcome))
    finally:
        shutil.rmtree(work_dir, ignore_errors=True)
    return as_delivered(settings, results, target)


def _stage_arrivals(
    settings: Settings, loads: list[Load], work_dir: Path, report: ExportReport
) -> dict[str, Path]:
    """Files that come from the inbox, copied beside the parser, by load id; one that cannot be copied is added to report.held."""
    staged = {}
    for load in loads:
        if is_stored(settings, load):
            continue
        try:
            staged[load.load_id] = stage(load, work_dir / load.load_id)
        except Exception as error:
            report.held.append(held_file(load.file, as_held(error)))
    return staged


def ensure_empty(settings: Settings, contracts: Mapping[str, ChannelContract]) -> None:
    """Write each export's typed, empty Parquet, so that dbt's sources always have a file and every column."""
    with scratch() as con:
        for contract in contracts.values():
            for export in contract.exports:
                folder = make_private_dir(export_dir(settings, contract.name, export.name))
                write_empty(con, export, folder / EMPTY_NAME)
