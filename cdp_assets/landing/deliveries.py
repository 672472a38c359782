"""What came after what: the append-only record of deliveries, and which loads are current by it.

A delivery is a change of a name's content. Its sequence, not the bytes' hash, says what is newer; what was held back does
not count until it is accepted (see `delivery_checks`). No file is opened here.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

import duckdb
import pyarrow as pa

from cdp_assets.engine import given
from cdp_assets.landing.contract import Export
from cdp_assets.landing.ledger import Load
from cdp_assets.sql_text import from_file

NOT_JUDGED = "not_judged"  # between the record of a delivery of known bytes and its judgement

# Grain: one delivery of an export that counts by the last ruling on it, with the load that holds its bytes.
COUNTING = """
select
    deliveries.sequence,
    deliveries.file_name,
    coalesce(deliveries.period, '') as period,
    coalesce(deliveries.part, '') as part,
    loads.load_id,
    coalesce(loads.newest_version, '') as newest_version
from deliveries
inner join loads
    on loads.channel = deliveries.channel and loads.export = deliveries.export
    and loads.delivered_sha256 = deliveries.delivered_sha256 and loads.status = 'landed'
where deliveries.channel = $channel and deliveries.export = $export
    and deliveries.sequence not in (select sequence from delivery_rulings group by sequence having max_by(ruling, ruling_number) = 'held')
    and not list_contains($without, deliveries.sequence)
"""


def latest_contents(con: duckdb.DuckDBPyConnection, channel: str, export: str) -> dict[str, str]:
    """File name → hash of the content that it was last delivered with."""
    return dict(
        con.execute(
            "select file_name, max_by(delivered_sha256, sequence) from deliveries "
            "where channel = ? and export = ? group by file_name",
            [channel, export],
        ).fetchall()
    )


def record_deliveries(
    con: duckdb.DuckDBPyConnection, changed: Sequence[Load], known: set[str], run_id: str
) -> None:
    """Append the names whose content changed; bytes that have landed before (`known`) are held until they are judged.

    Files first seen in one run are put in order by modification time, then hash, then name, once and for all.
    """
    if not changed:
        return
    (last,) = con.execute("select coalesce(max(sequence), 0) from deliveries").fetchone() or (0,)
    ordered = sorted(changed, key=lambda load: (load.file.mtime_ns, load.sha256, load.file.file_name))
    now = datetime.now(UTC).replace(tzinfo=None)
    rows = [
        {
            "sequence": last + number,
            "channel": load.file.channel,
            "export": load.file.export,
            "file_name": load.file.file_name,
            "delivered_sha256": load.sha256,
            "size_bytes": load.file.size_bytes,
            "period": load.file.period,
            "part": load.file.part,
            "modified_at": _time_of(load.file.mtime_ns),
            "run_id": run_id,
            "delivered_at": now,
        }
        for number, load in enumerate(ordered, start=1)
    ]
    with given(con, "given_deliveries", pa.Table.from_pylist(rows)):
        con.execute("insert into deliveries by name select * from given_deliveries")
    again = [number for number, load in enumerate(ordered, start=last + 1) if load.sha256 in known]
    rule(con, dict.fromkeys(again, (NOT_JUDGED, "not judged yet")), run_id=run_id)


def rule(con: duckdb.DuckDBPyConnection, held: dict[int, tuple[str, str]], *, run_id: str | None) -> None:
    """Append that deliveries (by sequence) are held: reason code and detail."""
    for sequence, (code, detail) in held.items():
        con.execute(
            """
            insert into delivery_rulings by name
            select
                coalesce((select max(ruling_number) from delivery_rulings), 0) + 1 as ruling_number, $sequence as sequence,
                'held' as ruling, $code as reason_code, $detail as detail, 'onefold' as ruled_by, $run_id as run_id,
                now()::timestamp as ruled_at
            """,
            {"sequence": sequence, "code": code, "detail": detail, "run_id": run_id},
        )


def release(
    con: duckdb.DuckDBPyConnection,
    sequences: Sequence[int],
    *,
    reason: str,
    ruled_by: str,
    run_id: str | None,
) -> None:
    """Append that held deliveries are accepted; from the next `mark_current` on they count."""
    for sequence in sequences:
        con.execute(
            """
            insert into delivery_rulings by name
            select
                coalesce((select max(ruling_number) from delivery_rulings), 0) + 1 as ruling_number, $sequence as sequence,
                'accepted' as ruling, $reason as reason, $ruled_by as ruled_by, $run_id as run_id, now()::timestamp as ruled_at
            """,
            {"sequence": sequence, "reason": reason, "ruled_by": ruled_by, "run_id": run_id},
        )


def mark_current(
    con: duckdb.DuckDBPyConnection, channel: str, export: Export, without: Sequence[int] = ()
) -> None:
    """Decide anew which loads of an export are current, and their rank, from the record of deliveries alone.

    `without`: deliveries (by sequence) that are left out on trial.

    Of one name the last delivery stands for it. Among the names of a group (a snapshot's part, a period) the newest is the one of
    the greatest source version, period, sequence; among snapshots the period comes first, because the row with the newest version
    may be gone from a newer snapshot. `version_order` is the rank by period and sequence, where rows with a key compete.
    """
    facts = export.facts
    competes = facts.delivery == "snapshot" or facts.replaces in ("file_name", "period")
    group = {"file_name": "file_name", "period": "coalesce(nullif(period, ''), file_name), part"}
    partition = "part" if facts.delivery == "snapshot" else group.get(facts.replaces, "load_id")
    newest = "period desc, newest_version" if facts.delivery == "snapshot" else "newest_version desc, period"
    con.execute(
        from_file(
            __name__,
            "current_loads",
            counting=COUNTING,
            competes=competes,
            partition=partition,
            newest=newest,
        ),
        {"channel": channel, "export": export.name, "without": list(without)},
    )


def _time_of(nanoseconds: int) -> datetime | None:
    """A file's time as UTC; None where a file system says one that no calendar has."""
    try:
        return datetime.fromtimestamp(nanoseconds / 1e9, UTC).replace(tzinfo=None)
    except (OverflowError, ValueError, OSError):
        return None
