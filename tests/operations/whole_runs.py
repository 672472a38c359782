"""Whole runs of a tiny retailer in processes of their own, and what they published, for comparison."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import duckdb

from cdp_assets.publishing.copies import MARTS_FILE
from cdp_assets.publishing.fingerprint import columns_of, fingerprint, fingerprint_of
from cdp_assets.publishing.generations import current_files
from cdp_assets.settings import PROJECT_DIR, Settings
from cdp_assets.sql_text import identifier
from cdp_assets.state import connect_state

CUSTOMERS = 60
# This mart adds rows with every generation, and a killed run may have published first.
TABLES_PER_RUN = {"ops_identity_quality"}
# What says which run made a row, or when by the machine's clock, is not content.
OPERATIONAL_COLUMNS = {
    "run_id", "landed_at", "last_landed_at", "days_behind", "seen_at", "generation", "generation_number",
}  # fmt: skip


def onefold(*arguments: str) -> subprocess.Popen[str]:
    """`onefold …` in a process group of its own."""
    return subprocess.Popen(
        [sys.executable, "-c", "from cdp_assets.cli import main; main()", *arguments],
        cwd=PROJECT_DIR,
        env={**os.environ, "DO_NOT_TRACK": "1", "COLUMNS": "200"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )


def finish(process: subprocess.Popen[str]) -> str:
    """What a command printed; it must have ended well."""
    said, _ = process.communicate()
    assert process.returncode == 0, said
    return said


def run(settings: Settings) -> str:
    return finish(start_run(settings))


def start_run(settings: Settings, *options: str) -> subprocess.Popen[str]:
    return onefold("run", "--home", str(settings.home), "--inbox", str(settings.inbox_dir), *options)


def kill(process: subprocess.Popen[str]) -> None:
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()


def published_content(settings: Settings) -> dict[str, tuple[int, str]]:
    """Mart → (rows, fingerprint over the columns that are content)."""
    files = current_files(settings)
    assert files is not None
    con = duckdb.connect()
    try:
        con.execute(f"attach '{files.marts}' as published (read_only)")
        tables = con.execute(
            "select table_name from duckdb_tables() where database_name = 'published'"
        ).fetchall()
        return {name: _content(con, name) for (name,) in tables if name not in TABLES_PER_RUN}
    finally:
        con.close()


def assert_whole(settings: Settings) -> str | None:
    """What readers see is a generation that state knows, table by table; returns its name, None before the first."""
    files = current_files(settings)
    if files is None:
        return None
    with connect_state(settings) as con:
        expected = con.execute(
            "select table_name, row_count, fingerprint from generation_tables where generation = ? and file_name = ?",
            [files.generation, MARTS_FILE],
        ).fetchall()
    con = duckdb.connect()
    try:
        con.execute(f"attach '{files.marts}' as published (read_only)")
        found = [(name, *fingerprint(con, "published", "marts", name)) for name, *_ in expected]
    finally:
        con.close()
    assert found == expected
    assert expected
    return files.generation


def ids(settings: Settings) -> list[tuple[str, str]]:
    """(record_key, customer_id) of every record, as state has it."""
    with connect_state(settings) as con:
        return con.execute(
            "select record_key, customer_id from customer_id_history where to_generation is null order by all"
        ).fetchall()


def _content(con: duckdb.DuckDBPyConnection, table: str) -> tuple[int, str]:
    columns = [
        (name, kind)
        for name, kind in columns_of(con, "published", "marts", table)
        if name not in OPERATIONAL_COLUMNS
    ]
    names = ", ".join(identifier(name) for name, _ in columns)
    return fingerprint_of(con, f"(select {names} from published.{identifier('marts', table)})", columns)


def simulate(folder: Path) -> Path:
    """The inbox of a tiny retailer."""
    finish(onefold("simulate", "--customers", str(CUSTOMERS), "--out", str(folder)))
    return folder / "inbox"
