"""What landing holds right now, per export, for `onefold status` and the asset checks. Reads the ledger only."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from cdp_assets.landing.contract import ChannelContract
from cdp_assets.landing.held import HeldFile
from cdp_assets.settings import Settings
from cdp_assets.state import connect_state

_NOTHING: tuple[Any, ...] = (0, None, None, None, 0, 0, 0, 0, 0, 0)


@dataclass(frozen=True)
class ExportStatus:
    """One export: its current rows, its last file, and whether that is as fresh as the contract promises."""

    channel: str
    export: str
    files_landed: int
    last_file: str | None  # of the latest period; of the latest landing where names carry no period
    last_landed_at: datetime | None
    newest_period: str | None
    parsed_rows: int
    landed_rows: int
    current_rows: int
    quarantined_rows: int
    duplicate_rows: int
    erased_rows: int
    freshness_days: float | None  # promised by the contract
    age_days: float | None  # since the last file landed, as of `today`

    @property
    def is_fresh(self) -> bool | None:
        """None where nothing is promised; an export that never delivered is not late, it is not used."""
        if self.freshness_days is None or self.age_days is None:
            return None
        return self.age_days <= self.freshness_days


@dataclass(frozen=True)
class QuarantinedRows:
    """How many rows of an export broke one rule, and where the first of them is (`<file>, line <n>`)."""

    channel: str
    export: str
    reason_code: str
    column_name: str | None
    rows: int
    first: str


@dataclass(frozen=True)
class LandingStatus:
    """All exports, every file that waits with its reason and remedy, and why rows are in quarantine."""

    exports: list[ExportStatus]
    held: list[HeldFile]
    quarantined: list[QuarantinedRows]


def landing_status(
    settings: Settings, contracts: Mapping[str, ChannelContract], today: date | None = None
) -> LandingStatus:
    """Read the ledger. `today`: the day that ages are counted to (None: ages are unknown)."""
    with connect_state(settings, read_only=True) as con:
        rows = con.execute(
            """
            select
                channel, export, count(*), max_by(file_name, (coalesce(period, ''), landed_at, file_name)), max(landed_at), max(period),
                sum(parsed_rows)::bigint, sum(landed_rows)::bigint,
                coalesce(sum(landed_rows) filter (where is_current), 0)::bigint, sum(quarantined_rows)::bigint,
                sum(duplicate_rows)::bigint, sum(erased_rows)::bigint
            from loads where status = 'landed' group by channel, export
            """
        ).fetchall()
        held = con.execute(
            """
            select channel, export, file_name, size_bytes, reason_code, detail, remedy
            from held_files order by channel, file_name
            """
        ).fetchall()
        quarantined = con.execute(
            """
            select
                summary.channel, summary.export, summary.reason_code, summary.column_name,
                sum(summary.quarantined_rows)::bigint as quarantined_rows,
                min_by(loads.file_name || ', line ' || summary.first_line, loads.file_name)
            from quarantine_summary as summary
            inner join loads using (load_id, channel, export)
            where loads.status = 'landed'
            group by summary.channel, summary.export, summary.reason_code, summary.column_name
            order by summary.channel, summary.export, quarantined_rows desc, summary.reason_code, summary.column_name
            """
        ).fetchall()
    found = {(row[0], row[1]): row[2:] for row in rows}
    exports = []
    for contract in contracts.values():
        for export in contract.exports:
            counts = found.get((contract.name, export.name), _NOTHING)
            promised = contract.freshness_days(export.name)
            age = (today - counts[2].date()).days if today and counts[2] else None
            exports.append(ExportStatus(*(contract.name, export.name, *counts, promised, age)))
    return LandingStatus(
        exports, [HeldFile(*row) for row in held], [QuarantinedRows(*row) for row in quarantined]
    )
