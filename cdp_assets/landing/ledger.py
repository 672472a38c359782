"""The ledger in state.duckdb: which file landed, with which counts, and what replaced it.

Writes are few and whole: a batch of files is opened in one transaction and closed in one. Nothing here reads files.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from cdp_assets.engine import given
from cdp_assets.landing.files import LOAD_ID_LENGTH
from cdp_assets.landing.held import FileHeld, HeldFile
from cdp_assets.landing.inbox import InboxFile
from cdp_assets.landing.parse import ParseResult
from cdp_assets.landing.suppression.matches import Held, Suppressed


@dataclass(frozen=True)
class Load:
    """One file name with one content."""

    file: InboxFile
    sha256: str

    @property
    def load_id(self) -> str:
        return self.sha256[:LOAD_ID_LENGTH]


def known_loads(
    con: duckdb.DuckDBPyConnection, channel: str, export: str
) -> tuple[set[str], set[tuple[str, str]]]:
    """Hashes that have landed in this export, and (file name, hash) pairs that the ledger has closed."""
    rows = con.execute(
        "select file_name, delivered_sha256, status from loads "
        "where channel = ? and export = ? and status in ('landed', 'duplicate_file')",
        [channel, export],
    ).fetchall()
    return {sha for _, sha, status in rows if status == "landed"}, {(name, sha) for name, sha, _ in rows}


def held_loads(con: duckdb.DuckDBPyConnection, channel: str, export: str) -> list[tuple[InboxFile, str]]:
    """Files that parsed well and were held back for what they would take away, with their hashes; their path is unknown."""
    rows = con.execute(
        "select file_name, size_bytes, period, part, delivered_sha256 from loads "
        "where channel = ? and export = ? and status = 'held' order by file_name",
        [channel, export],
    ).fetchall()
    return [
        (InboxFile(Path(), channel, export, name, size, 0, period, part), sha256)
        for name, size, period, part, sha256 in rows
    ]


def open_loads(con: duckdb.DuckDBPyConnection, loads: Sequence[Load], version: str, run_id: str) -> None:
    """Record files that are parsed now; they are not current until closed. Of a held one the ledger's row stays, with what was cut."""
    held = set(
        con.execute("select channel, export, file_name, load_id from loads where status = 'held'").fetchall()
    )
    again = [load for load in loads if tuple(_name_of(load)) in held]
    _insert(con, [load for load in loads if load not in again], "started", version, run_id)
    for load in again:
        con.execute(
            "update loads set status = 'started', contract_version = ?, run_id = ? "
            "where channel = ? and export = ? and file_name = ? and load_id = ?",
            [version, run_id, *_name_of(load)],
        )


def record_duplicates(
    con: duckdb.DuckDBPyConnection, loads: Sequence[Load], version: str, run_id: str
) -> None:
    """Record files whose bytes have landed before under another name: nothing of them lands."""
    _insert(con, loads, "duplicate_file", version, run_id)


def _insert(
    con: duckdb.DuckDBPyConnection, loads: Sequence[Load], status: str, version: str, run_id: str
) -> None:
    is_copy = status == "duplicate_file"
    rows = [
        {
            **_identity(load),
            "delivered_sha256": load.sha256,
            "stored_sha256": load.sha256,
            "size_bytes": load.file.size_bytes,
            "status": status,
            "reason_code": "same_bytes" if is_copy else None,
            "remedy": "nothing to do: its bytes have landed before; delete the copy" if is_copy else None,
            "period": load.file.period,
            "part": load.file.part,
            "is_current": False,
            "contract_version": version,
            "run_id": run_id,
        }
        for load in loads
    ]
    _upsert(con, "loads", rows)


def _name_of(load: Load) -> list[str]:
    return [load.file.channel, load.file.export, load.file.file_name, load.load_id]


def _identity(load: Load) -> dict[str, object]:
    return {
        "load_id": load.load_id,
        "channel": load.file.channel,
        "export": load.file.export,
        "file_name": load.file.file_name,
    }


def _upsert(con: duckdb.DuckDBPyConnection, table: str, rows: list[dict[str, object]]) -> None:
    """Insert rows by column name in one statement; a row of the same primary key is replaced."""
    if not rows:
        return
    names = ", ".join(rows[0])
    stamped = {"loads": "landed_at", "held_files": "seen_at"}.get(table)
    stamp = (f", {stamped}", ", now()::timestamp") if stamped else ("", "")
    with given(con, "given_rows", pa.Table.from_pylist(rows)):
        con.execute(
            f"insert or replace into {table} ({names}{stamp[0]}) select {names}{stamp[1]} from given_rows"
        )


def close_loads(
    con: duckdb.DuckDBPyConnection, results: Sequence[tuple[Load, ParseResult]], version: str, run_id: str
) -> None:
    """Enter the counts of parsed files and their quarantine; from now on they have landed."""
    if not results:
        return
    counts = [
        {
            **_identity(load),
            "parsed_rows": result.parsed,
            "landed_rows": result.landed,
            "quarantined_rows": result.quarantined,
            "duplicate_rows": result.duplicates,
            "erased_rows": result.erased,
            "anonymised_rows": result.anonymised,
            "future_rows": result.future,
            "ambiguous_time_rows": result.ambiguous,
            "extra_columns": result.extra_columns,
            "newest_version": result.newest_version,
            "status": "landed",
            "reason_code": None,
            "remedy": None,
        }
        for load, result in results
    ]
    sets = ", ".join(
        f"{name} = given_counts.{name}" for name in counts[0] if name not in _identity(results[0][0])
    )
    with given(con, "given_counts", pa.Table.from_pylist(counts)):
        con.execute(
            f"""
            update loads set {sets}, contract_version = $version, run_id = $run_id, landed_at = now()::timestamp
            from given_counts
            where loads.channel = given_counts.channel and loads.export = given_counts.export
                and loads.file_name = given_counts.file_name and loads.load_id = given_counts.load_id
            """,
            {"version": version, "run_id": run_id},
        )
        con.execute("delete from quarantine_summary where load_id in (select load_id from given_counts)")
    reasons = [
        {
            "load_id": load.load_id,
            "channel": load.file.channel,
            "export": load.file.export,
            "reason_code": reason.reason_code,
            "column_name": reason.column_name,
            "quarantined_rows": reason.rows,
            "first_line": reason.first_line,
        }
        for load, result in results
        for reason in result.reasons
    ]
    if reasons:
        with given(con, "given_reasons", pa.Table.from_pylist(reasons)):
            con.execute("insert into quarantine_summary by name select * from given_reasons")


def hold_loads(
    con: duckdb.DuckDBPyConnection, held: Sequence[tuple[Load, ParseResult, FileHeld]], run_id: str
) -> None:
    """Enter files that parsed well and are held back all the same: their counts stand in the ledger, their rows do not land."""
    for load, result, why in held:
        con.execute(
            """
            update loads set
                status = 'held', reason_code = $code, remedy = $remedy, parsed_rows = $parsed, landed_rows = 0,
                quarantined_rows = $quarantined, newest_version = $version, run_id = $run_id, landed_at = now()::timestamp
            where channel = $channel and export = $export and file_name = $file_name and load_id = $load_id
            """,
            {
                **_identity(load),
                "code": why.reason_code,
                "remedy": why.remedy,
                "parsed": result.parsed,
                "quarantined": result.quarantined,
                "version": result.newest_version,
                "run_id": run_id,
            },
        )


def drop_open_loads(con: duckdb.DuckDBPyConnection, loads: Sequence[Load]) -> None:
    """Forget files that turned out to be held: they are neither landed nor started."""
    for load in loads:
        con.execute(
            "delete from loads where channel = ? and export = ? and file_name = ? and load_id = ? and status = 'started'",
            [load.file.channel, load.file.export, load.file.file_name, load.load_id],
        )


def record_held(con: duckdb.DuckDBPyConnection, held: Sequence[HeldFile], run_id: str) -> None:
    """Write the files that wait."""
    _upsert(con, "held_files", [{**asdict(each), "run_id": run_id} for each in held])


def cut_originals(con: duckdb.DuckDBPyConnection, channel: str, export: str) -> dict[str, str]:
    """Hash of an original that was cut, now or by an earlier erasure → hash that it was delivered with."""
    return dict(
        con.execute(
            """
            with cut as (select delivered_sha256, stored_sha256 from loads where channel = ? and export = ?)
            select stored_sha256, delivered_sha256 from cut where stored_sha256 <> delivered_sha256
            union
            select stored_sha256, delivered_sha256 from cut_versions semi join cut using (delivered_sha256)
            """,
            [channel, export],
        ).fetchall()
    )


def suppressed_people(con: duckdb.DuckDBPyConnection) -> Suppressed:
    """Keyed hashes of people who asked to be forgotten, which kinds there are, and the holds that have not ended."""
    rows = con.execute("select distinct identifier_pseudonym, identifier_type from suppressions").fetchall()
    holds = con.execute(
        "select table_name, column_name, list(distinct identifier_pseudonym order by identifier_pseudonym) "
        "from rights_holds inner join rights_suppressed using (request_id) "
        "where column_name is not null and coalesce(until_date >= current_date, true) group by all order by all"
    ).fetchall()
    held = []
    for table, column, pseudonyms in holds:
        channel, _, export = table.partition(".")
        held.append(Held(channel, export, column, tuple(pseudonyms)))
    return Suppressed(sorted({row[0] for row in rows}), frozenset(row[1] for row in rows), tuple(held))
