"""The ledger in state.duckdb: which file landed, with which counts, and what replaced it.

Writes are few and whole: a batch of files is opened in one transaction and closed in one. Nothing here reads files.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb

from cdp_assets.landing.contract import Export
from cdp_assets.landing.files import LOAD_ID_LENGTH
from cdp_assets.landing.held import HeldFile
from cdp_assets.landing.inbox import InboxFile
from cdp_assets.landing.parsing import ParseResult


@dataclass(frozen=True)
class Load:
    """One file name with one content."""

    file: InboxFile
    sha256: str

    @property
    def load_id(self) -> str:
        return self.sha256[:LOAD_ID_LENGTH]


def known_loads(con: duckdb.DuckDBPyConnection, channel: str, export: str) -> tuple[set[str], set[tuple[str, str]]]:
    """Hashes that have landed in this export, and (file name, hash) pairs that the ledger has closed."""
    rows = con.execute(
        "select file_name, delivered_sha256, status from loads where channel = ? and export = ? and status <> 'started'",
        [channel, export],
    ).fetchall()
    return {sha for _, sha, status in rows if status == "landed"}, {(name, sha) for name, sha, _ in rows}


def open_loads(con: duckdb.DuckDBPyConnection, loads: Sequence[Load], version: str, run_id: str) -> None:
    """Record files whose originals are safe; they are not current until closed."""
    _insert(con, loads, "started", version, run_id)


def record_duplicates(con: duckdb.DuckDBPyConnection, loads: Sequence[Load], version: str, run_id: str) -> None:
    """Record files whose bytes have landed before under another name: nothing of them lands."""
    _insert(con, loads, "duplicate_file", version, run_id)


def _insert(con: duckdb.DuckDBPyConnection, loads: Sequence[Load], status: str, version: str, run_id: str) -> None:
    if not loads:
        return
    con.executemany(
        """
        insert or replace into loads (
            load_id, channel, export, file_name, delivered_sha256, stored_sha256, size_bytes, status, reason_code, remedy,
            period, part, version_order, is_current, contract_version, run_id, landed_at
        ) values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, false, ?, ?, now()::timestamp)
        """,
        [
            (
                load.load_id, load.file.channel, load.file.export, load.file.file_name, load.sha256, load.sha256,
                load.file.size_bytes, status,
                "same_bytes" if status == "duplicate_file" else None,
                "nothing to do: its bytes have landed before; delete the copy" if status == "duplicate_file" else None,
                load.file.period, load.file.part, f"|{load.file.period or ''}|{load.sha256}", version, run_id,
            )
            for load in loads
        ],
    )  # fmt: skip


def close_loads(
    con: duckdb.DuckDBPyConnection, results: Sequence[tuple[Load, ParseResult]], version: str, run_id: str
) -> None:
    """Enter the counts of parsed files and their quarantine; from now on they have landed."""
    for load, result in results:
        con.execute(
            """
            update loads set
                status = 'landed', parsed_rows = ?, landed_rows = ?, quarantined_rows = ?, duplicate_rows = ?,
                erased_rows = ?, future_rows = ?, ambiguous_time_rows = ?, extra_columns = ?, version_order = ?,
                contract_version = ?, run_id = ?, landed_at = now()::timestamp
            where channel = ? and export = ? and file_name = ? and load_id = ?
            """,
            [
                result.parsed, result.landed, result.quarantined, result.duplicates, result.erased, result.future,
                result.ambiguous, result.extra_columns,
                f"{result.newest_version}|{load.file.period or ''}|{load.sha256}", version, run_id,
                load.file.channel, load.file.export, load.file.file_name, load.load_id,
            ],
        )  # fmt: skip
        con.execute("delete from quarantine_summary where load_id = ?", [load.load_id])
        for reason in result.reasons:
            con.execute(
                "insert into quarantine_summary values (?, ?, ?, ?, ?, ?, ?)",
                [
                    load.load_id, load.file.channel, load.file.export, reason.reason_code, reason.column_name,
                    reason.rows, reason.first_line,
                ],
            )  # fmt: skip


def drop_open_loads(con: duckdb.DuckDBPyConnection, loads: Sequence[Load]) -> None:
    """Forget files that turned out to be held: they are neither landed nor started."""
    for load in loads:
        con.execute(
            "delete from loads where channel = ? and export = ? and file_name = ? and load_id = ? and status = 'started'",
            [load.file.channel, load.file.export, load.file.file_name, load.load_id],
        )


def mark_current(con: duckdb.DuckDBPyConnection, channel: str, export: Export) -> None:
    """Decide anew which loads of an export are current, by its delivery rule; arrival order has no say.

    Newest is the greatest version_order: source version, period, SHA-256.
    """
    if export.facts.delivery == "snapshot":
        group = "coalesce(part, '')"
    else:
        group = {
            "file_name": "file_name",
            "period": "coalesce(period, file_name), coalesce(part, '')",
        }.get(export.facts.replaces, "file_name, load_id")
    con.execute(
        f"""
        update loads set is_current = coalesce(newest.is_newest, false)
        from (
            select
                file_name,
                load_id,
                status = 'landed' and row_number() over (
                    partition by status = 'landed', {group} order by version_order desc, file_name
                ) = 1 as is_newest,
            from loads
            where channel = $channel and export = $export
        ) as newest
        where loads.channel = $channel and loads.export = $export
            and loads.file_name = newest.file_name and loads.load_id = newest.load_id
            and loads.is_current is distinct from newest.is_newest
        """,
        {"channel": channel, "export": export.name},
    )


def record_held(con: duckdb.DuckDBPyConnection, held: Sequence[HeldFile], run_id: str) -> None:
    """Write the files that wait."""
    if held:
        con.executemany(
            "insert or replace into held_files values (?, ?, ?, ?, ?, ?, ?, ?, now()::timestamp)",
            [
                (h.channel, h.export, h.file_name, h.size_bytes, h.reason_code, h.detail, h.remedy, run_id)
                for h in held
            ],
        )


def suppressed_pseudonyms(con: duckdb.DuckDBPyConnection) -> list[str]:
    """Pseudonyms of people who asked to be forgotten."""
    return [row[0] for row in con.execute("select distinct identifier_pseudonym from suppressions").fetchall()]
