"""The published files as activation opens them: one generation, read-only, nothing else within reach.

The contact file is opened only on request. What is asked of the files is the part of other modules.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import duckdb

from cdp_assets.activation.problems import ActivationProblem
from cdp_assets.activation.rules import IN_CLEAR, Columns
from cdp_assets.publishing.generations import PublishedFiles, current_files
from cdp_assets.settings import Settings
from cdp_assets.sql_text import literal

MARTS, CONTACT = "onefold", "contact_file"
CONTACT_SCHEMA = f"{CONTACT}.contact"


@dataclass(frozen=True)
class PublishedFile:
    """An open generation. `columns` are those of the marts, and of customers_contact where the contact file is open."""

    con: duckdb.DuckDBPyConnection
    generation: str
    as_of: date
    columns: Columns
    has_contact_file: bool


@contextmanager
def open_published(
    settings: Settings,
    *,
    with_contact_file: bool = False,
    scratch: Path | None = None,
    limits: Mapping[str, str | int] | None = None,
    files: PublishedFiles | None = None,
    attach: Callable[[duckdb.DuckDBPyConnection, Settings], AbstractContextManager[None]] | None = None,
) -> Iterator[PublishedFile]:
    """The current generation in a connection of its own; temporary tables are in memory, or spill into `scratch`.

    `limits`: DuckDB's configuration in place of a run's. `files`: of another generation than the current one.
    `attach`: attaches something more, before access to other files ends.

    Raises ActivationProblem before the first publication.
    """
    files = files or current_files(settings)
    if files is None or not files.marts.exists():
        raise ActivationProblem(
            "nothing is published yet",
            str(settings.published_dir),
            "`onefold run` publishes; audiences are chosen from it",
        )
    config = dict(settings.duckdb_limits) | dict(limits or {})
    config["temp_directory"] = str(scratch) if scratch else ""
    con = duckdb.connect(":memory:", config=config)
    try:
        con.execute("set TimeZone = 'UTC'")
        con.execute("set enable_progress_bar = false")
        con.execute(f"attach {literal(files.marts)} as {MARTS} (read_only)")
        if with_contact_file:
            con.execute(f"attach {literal(files.contact)} as {CONTACT} (read_only)")
        con.execute(f"use {MARTS}.marts")
        with attach(con, settings) if attach else nullcontext():
            con.execute(
                "set enable_external_access = false"
            )  # an audience in SQL reads the marts and no file
            columns = published_columns(con)
            yield PublishedFile(con, files.generation, published_as_of(con), columns, with_contact_file)
    finally:
        con.close()


def published_columns(con: duckdb.DuckDBPyConnection) -> Columns:
    """Mart → column → type, of the attached files."""
    found: dict[str, dict[str, str]] = {}
    rows = con.execute(
        "select table_name, column_name, data_type from duckdb_columns() "
        "where (database_name = $marts and schema_name = 'marts') "
        "or (database_name = $contact and schema_name = 'contact' and table_name = $clear)",
        {"marts": MARTS, "contact": CONTACT, "clear": IN_CLEAR},
    ).fetchall()
    for table, column, kind in rows:
        found.setdefault(table, {})[column] = kind
    return found


def published_as_of(con: duckdb.DuckDBPyConnection) -> date:
    """The generation's as_of_date, with which the calendar mart ends."""
    found: date = con.execute("select max(date_day) from marts.dates").fetchall()[0][0]
    return found
