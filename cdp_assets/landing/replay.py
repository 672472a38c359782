"""`onefold replay`: parse the originals of loads with quarantined rows again, after their contract was mended.

The whole file is parsed under the contract of today and its Parquet replaced in one step, so rows land once however
often this runs; a file that the mended contract would hold stays as it was.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from cdp_assets.landing import deliveries, ledger
from cdp_assets.landing.contract import ChannelContract, load_contract
from cdp_assets.landing.files import original_path
from cdp_assets.landing.held import HeldFile
from cdp_assets.landing.inbox import InboxFile
from cdp_assets.landing.ledger import Load
from cdp_assets.landing.load import ExportReport, parse_loads
from cdp_assets.landing.stored import remember_stored
from cdp_assets.settings import Settings
from cdp_assets.state import connect_state


@dataclass
class ReplayReport:
    """Loads parsed again, and rows in landing and in quarantine before and after."""

    channel: str
    loads: int = 0
    landed_before: int = 0
    landed_after: int = 0
    quarantined_before: int = 0
    quarantined_after: int = 0
    held: list[HeldFile] = field(default_factory=list)
    lost_originals: list[str] = field(default_factory=list)


def replay_quarantine(
    settings: Settings,
    channel: str,
    run_id: str,
    *,
    contract: ChannelContract | None = None,
    channels_dir: Path | None = None,
) -> ReplayReport:
    """Replay every load of a channel that has rows in quarantine. Raises ContractProblem."""
    contract = contract or load_contract(
        channels_dir / f"{channel}.yaml" if channels_dir else settings.contract_path(channel)
    )
    report = ReplayReport(channel)
    for export in contract.exports:
        loads = _quarantined_loads(settings, channel, export.name, report)
        if not loads:
            continue
        with connect_state(settings, read_only=True) as con:
            suppressed = ledger.suppressed_people(con)
        outcome = ExportReport(channel, export.name)
        results = parse_loads(settings, contract, export, loads, suppressed, outcome)
        report.held += outcome.held
        with connect_state(settings) as con:
            con.begin()
            ledger.close_loads(con, results, contract.version, run_id)
            remember_stored(con, settings, channel, export.name, [load.load_id for load, _ in results])
            deliveries.mark_current(con, channel, export)
            con.commit()
        report.loads += len(results)
        report.landed_after += sum(result.landed for _, result in results)
        report.quarantined_after += sum(result.quarantined for _, result in results)
    return report


def _quarantined_loads(settings: Settings, channel: str, export: str, report: ReplayReport) -> list[Load]:
    with connect_state(settings, read_only=True) as con:
        rows = con.execute(
            """
            select file_name, delivered_sha256, size_bytes, period, part, landed_rows, quarantined_rows
            from loads
            where channel = ? and export = ? and status = 'landed' and quarantined_rows > 0
            order by file_name, delivered_sha256
            """,
            [channel, export],
        ).fetchall()
    loads = []
    for file_name, sha256, size, period, part, landed, quarantined in rows:
        path = original_path(settings.originals_dir, sha256)
        if not path.exists():
            report.lost_originals.append(file_name)
            continue
        report.landed_before += landed
        report.quarantined_before += quarantined
        loads.append(Load(InboxFile(path, channel, export, file_name, size, 0, period, part), sha256))
    return loads
