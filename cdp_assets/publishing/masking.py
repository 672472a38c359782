"""Gate: the marts hold no identifier in clear; those belong in the schema `contact`, whose file is its owner's only.

The classification of columns says what a model means to publish; this gate looks at what the rows really hold.
"""

from __future__ import annotations

from collections.abc import Iterator

import duckdb

from cdp_assets.publishing.copies import relations_of, text
from cdp_assets.publishing.fingerprint import columns_of, quoted
from cdp_assets.publishing.gates import Refusal
from cdp_assets.settings import Settings

# An e-mail address anywhere in the text (a URL may carry one); a phone number that is the whole text, in E.164.
EMAIL = r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}"
PHONE = r"\+[1-9][0-9]{7,14}"
IDENTIFIER_COLUMNS = ("email", "phone")
REMEDY = (
    "Mask the column in its model (macros masked, masked_email, masked_phone) or move it to models/contact/"
)


def judge_masking(settings: Settings) -> list[Refusal]:
    """Refuse marts with e-mail addresses, phone numbers, or any value of the contact schema's `email` and `phone`."""
    con = duckdb.connect(config=settings.duckdb_limits)
    try:
        con.execute(f"attach {text(settings.warehouse_path)} as warehouse (read_only)")
        _collect_identifiers(con)
        exposed = [
            each for table in relations_of(con, "warehouse", "marts") for each in _exposed_columns(con, table)
        ]
    finally:
        con.close()
    if not exposed:
        return []
    found = "; ".join(
        f"marts.{table}.{column} shows {count:,} identifiers" for table, column, count in exposed
    )
    return [Refusal("masking", found, REMEDY)]


def _collect_identifiers(con: duckdb.DuckDBPyConnection) -> None:
    """Temporary table `identifiers`: every e-mail and phone that the contact schema holds."""
    con.execute("create temp table identifiers (identifier varchar)")
    for table in relations_of(con, "warehouse", "contact"):
        for column, _ in columns_of(con, "warehouse", "contact", table):
            if column in IDENTIFIER_COLUMNS:
                con.execute(
                    f"insert into identifiers select distinct {quoted(column)}::varchar "
                    f"from warehouse.{quoted('contact', table)} where {quoted(column)} is not null"
                )


def _exposed_columns(con: duckdb.DuckDBPyConnection, table: str) -> Iterator[tuple[str, str, int]]:
    """(table, column, values that are identifiers) of one mart."""
    columns = [
        name
        for name, kind in columns_of(con, "warehouse", "marts", table)
        if "VARCHAR" in kind or kind == "JSON"
    ]
    if not columns:
        return
    tests = ", ".join(
        f"count(*) filter (where regexp_matches({quoted(column)}::varchar, '{EMAIL}') "
        f"or regexp_full_match({quoted(column)}::varchar, '{PHONE}') "
        f"or {quoted(column)}::varchar in (select identifier from identifiers))"
        for column in columns
    )
    counts = con.execute(f"select {tests} from warehouse.{quoted('marts', table)}").fetchone()
    assert counts is not None
    yield from ((table, column, count) for column, count in zip(columns, counts, strict=True) if count)
