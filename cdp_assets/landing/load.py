"""From the inbox to landing, export by export: exactly once, all or nothing per file.

The order is what makes a kill harmless: original copied and synced → ledger row opened → Parquet renamed into place →
ledger row closed. An opened row that was never closed is parsed again from its file and ends the same.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from cdp_assets.keys import load_key
from cdp_assets.landing import ledger
from cdp_assets.landing.contract import ChannelContract, Export
from cdp_assets.landing.files import hash_file, keep_original, make_private_dir, original_path, publish
from cdp_assets.landing.held import FileHeld, HeldFile
from cdp_assets.landing.inbox import InboxFile, InboxScan, scan_inbox
from cdp_assets.landing.isolation.parser_setup import ParserSetup
from cdp_assets.landing.isolation.workers import run_jobs
from cdp_assets.landing.ledger import Load
from cdp_assets.landing.parse import ParseResult, QuarantineReason
from cdp_assets.landing.readers.inspection import ParseJob
from cdp_assets.landing.typed.verdicts import Origin, landed_columns
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
    parsed_rows: int = 0
    landed_rows: int = 0
    quarantined_rows: int = 0
    duplicate_rows: int = 0
    erased_rows: int = 0
    future_rows: int = 0
    ambiguous_time_rows: int = 0
    extra_columns: list[str] = field(default_factory=list)
    reasons: list[QuarantineReason] = field(default_factory=list)
    held: list[HeldFile] = field(default_factory=list)

    @property
    def is_balanced(self) -> bool:
        """Law 2: every parsed row is landed, quarantined, a duplicate or erased."""
        return self.parsed_rows == (
            self.landed_rows + self.quarantined_rows + self.duplicate_rows + self.erased_rows
        )

    def add(self, result: ParseResult) -> None:
        """Count one landed file in."""
        self.files_landed += 1
        self.parsed_rows += result.parsed
        self.landed_rows += result.landed
        self.quarantined_rows += result.quarantined
        self.duplicate_rows += result.duplicates
        self.erased_rows += result.erased
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
        con.commit()


def land_export(
    settings: Settings, contract: ChannelContract, export: Export, run_id: str, files: Sequence[InboxFile]
) -> ExportReport:
    """Land the files of one export that have not landed before; returns counts only.

    Raises nothing for a bad file: it is held, with reason and remedy, in the report and in the state.
    """
    report = ExportReport(contract.name, export.name, files_seen=len(files))
    loads, duplicates, suppressed = _new_loads(settings, contract.name, export.name, files, report)
    kept = _keep_originals(settings, loads, report)
    if kept or duplicates:
        with connect_state(settings) as con:
            con.begin()
            ledger.open_loads(con, kept, contract.version, run_id)
            ledger.record_duplicates(con, duplicates, contract.version, run_id)
            con.commit()
    results = parse_loads(settings, export, kept, suppressed, report) if kept else []
    closed = {load.sha256 for load, _ in results}
    if kept or report.held:
        with connect_state(settings) as con:
            con.begin()
            ledger.close_loads(con, results, contract.version, run_id)
            ledger.drop_open_loads(con, [load for load in kept if load.sha256 not in closed])
            ledger.record_held(con, report.held, run_id)
            ledger.mark_current(con, contract.name, export)
            con.commit()
    for _, result in results:
        report.add(result)
    return report


def _new_loads(
    settings: Settings, channel: str, export: str, files: Sequence[InboxFile], report: ExportReport
) -> tuple[list[Load], list[Load], list[str]]:
    """Files whose bytes are new here, files whose bytes are known under another name, and suppressed pseudonyms."""
    with connect_state(settings, read_only=True) as con:
        landed, closed = ledger.known_loads(con, channel, export)
        suppressed = ledger.suppressed_pseudonyms(con)
    loads: list[Load] = []
    duplicates: list[Load] = []
    for file in sorted(files, key=lambda each: each.file_name):
        load = Load(file, hash_file(file.path))
        if (file.file_name, load.sha256) in closed:
            report.files_known += 1
        elif load.sha256 in landed:
            report.files_duplicate += 1
            duplicates.append(load)
        else:
            landed.add(load.sha256)
            loads.append(load)
    return loads, duplicates, suppressed


def _keep_originals(settings: Settings, loads: list[Load], report: ExportReport) -> list[Load]:
    make_private_dir(settings.originals_dir)
    kept = []
    for load in loads:
        try:
            keep_original(load.file.path, settings.originals_dir, load.sha256)
            kept.append(load)
        except FileHeld as held:
            report.held.append(held_file(load.file, held))
    return kept


def parse_loads(
    settings: Settings, export: Export, loads: list[Load], suppressed: list[str], report: ExportReport
) -> list[tuple[Load, ParseResult]]:
    """Parse files whose originals are kept into Parquet and quarantine; those that cannot are added to report.held."""
    make_private_dir(settings.landing_dir)
    channel = loads[0].file.channel
    target = make_private_dir(export_dir(settings, channel, export.name))
    quarantine = make_private_dir(settings.quarantine_dir / channel / export.name)
    work_dir = Path(tempfile.mkdtemp(prefix="_work-", dir=settings.landing_dir))
    folders = [work_dir, settings.originals_dir, target, quarantine]
    setup = ParserSetup(
        folders, settings.parser_memory_limit, settings.threads, load_key(settings), suppressed
    )
    jobs = [
        ParseJob(
            channel=channel,
            export=export.in_dialect(dialect),
            dialect=dialect,
            original=original_path(settings.originals_dir, load.sha256),
            load_id=load.load_id,
            file_name=load.file.file_name,
            period=load.file.period,
            part=load.file.part,
            parquet=target / f"{load.load_id}.parquet",
            quarantine=quarantine / f"{load.load_id}.parquet",
            work_dir=make_private_dir(work_dir / load.load_id),
            as_of_date=settings.as_of_date,
            has_suppressed=bool(suppressed),
        )
        for load in loads
        for dialect in [export.facts.dialect_for(load.file.file_name)]
    ]
    try:
        outcomes = run_jobs(jobs, setup)
    finally:
        shutil.rmtree(work_dir, ignore_errors=True)
    results = []
    for load in loads:
        outcome = outcomes[load.load_id]
        if isinstance(outcome, FileHeld):
            report.held.append(held_file(load.file, outcome))
        else:
            results.append((load, outcome))
    return results


def held_file(file: InboxFile, held: FileHeld) -> HeldFile:
    """The record of a file that waits."""
    return HeldFile(
        file.channel, file.export, file.file_name, file.size_bytes, held.reason_code, held.detail, held.remedy
    )


def ensure_empty(settings: Settings, contracts: Mapping[str, ChannelContract]) -> None:
    """Write each export's typed, empty Parquet, so that dbt's sources always have a file and every column."""
    with duckdb.connect() as con:
        for contract in contracts.values():
            for export in contract.exports:
                folder = make_private_dir(export_dir(settings, contract.name, export.name))
                _write_empty(con, export, folder / EMPTY_NAME)


def _write_empty(con: duckdb.DuckDBPyConnection, export: Export, target: Path) -> None:
    types = [f'null::{column.sql_type} as "{column.name}"' for column in export.properties]
    types += [f"null::varchar as _key_{key.name}" for key in export.facts.natural_keys]
    types.append("null::bigint as _line")
    columns = landed_columns(export, [], Origin("", "", None, None))
    temporary = target.with_name(target.name + ".tmp")
    path = str(temporary).replace("'", "''")
    con.execute(
        f"copy (select {columns} from (select {', '.join(types)}) where false) to '{path}' (format parquet)"
    )
    publish(temporary, target)
