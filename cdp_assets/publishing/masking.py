"""The last wall: what marts hold of identifiers in clear is masked in its cell on the way to readers, and people are told.

The classification of columns says what a model means to publish, and staging scrubs what outsiders write; this looks at what the rows
really hold. One visitor's address in a link must not stop the night for everybody.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import duckdb

from cdp_assets.publishing.copies import NO_MASKS, Masks, relations_of, text
from cdp_assets.publishing.fingerprint import columns_of, quoted
from cdp_assets.settings import Settings

# An e-mail address anywhere in the text (a URL may carry one); a phone number that is the whole text, in E.164.
EMAIL = r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}"
PHONE = r"\+[1-9][0-9]{7,14}"
IDENTIFIER_COLUMNS = ("email", "phone", "contact_value")
REMEDY = (
    "mask the column in its model (macros masked, masked_email, masked_phone), scrub it where it is staged "
    "(scrubbed), or move it to models/contact/"
)


@dataclass(frozen=True)
class Exposed:
    """A column of a mart in which cells show an identifier."""

    table: str
    column: str
    kind: str
    cells: int

    def __str__(self) -> str:
        return f"marts.{self.table}.{self.column}: {self.cells:,} cells showed an identifier and were masked; {REMEDY}"


def find_exposed(settings: Settings) -> list[Exposed]:
    """Columns of the marts with e-mail addresses, phone numbers, or any value of the contact schema's `email` and `phone`."""
    con = duckdb.connect(config=settings.duckdb_limits)
    try:
        con.execute(f"attach {text(settings.warehouse_path)} as warehouse (read_only)")
        collect_identifiers(con)
        return [
            each for table in relations_of(con, "warehouse", "marts") for each in _exposed_columns(con, table)
        ]
    finally:
        con.close()


def masks_for(exposed: Sequence[Exposed]) -> Masks:
    """How the marts are copied so that no exposed cell reaches a reader."""
    if not exposed:
        return NO_MASKS
    return Masks(collect_identifiers, lambda table: masked_relation(table, exposed))


def masked_relation(table: str, exposed: Sequence[Exposed]) -> str:
    """SQL of a mart with its exposed cells masked; needs the temporary table of `collect_identifiers` in the connection.

    In a text the identifier alone is replaced; a cell of a nested type becomes null.
    """
    columns = [each for each in exposed if each.table == table]
    source = f"warehouse.{quoted('marts', table)}"
    if not columns:
        return source
    return f"(select * replace ({', '.join(map(_masked, columns))}) from {source})"


def _masked(each: Exposed) -> str:
    name = quoted(each.column)
    if each.kind not in ("VARCHAR", "JSON"):
        return f"case when {_is_exposed(name)} then null else {name} end as {name}"
    rest = f"regexp_replace({name}::varchar, '{EMAIL}', '[e-mail]', 'g')"
    masked = f"case when {_is_whole(name)} then '[masked]' else {rest} end"
    if each.kind == "JSON":
        masked = f"case when {_is_whole(name)} then null else {rest} end::json"
    return f"case when {_is_exposed(name)} then {masked} else {name} end as {name}"


def _is_whole(name: str) -> str:
    """SQL: the whole cell is a phone number or one of the identifiers."""
    return (
        f"(regexp_full_match({name}::varchar, '{PHONE}') "
        f"or {name}::varchar in (select identifier from identifiers))"
    )


def _is_exposed(name: str) -> str:
    return f"(regexp_matches({name}::varchar, '{EMAIL}') or {_is_whole(name)})"


def collect_identifiers(con: duckdb.DuckDBPyConnection) -> None:
    """Temporary table `identifiers`: every e-mail and phone that the contact schema holds."""
    con.execute("create temp table identifiers (identifier varchar)")
    for table in relations_of(con, "warehouse", "contact"):
        for column, _ in columns_of(con, "warehouse", "contact", table):
            if column in IDENTIFIER_COLUMNS:
                con.execute(
                    f"insert into identifiers select distinct {quoted(column)}::varchar "
                    f"from warehouse.{quoted('contact', table)} where {quoted(column)} is not null"
                )


def _exposed_columns(con: duckdb.DuckDBPyConnection, table: str) -> Iterator[Exposed]:
    columns = [
        (name, kind)
        for name, kind in columns_of(con, "warehouse", "marts", table)
        if "VARCHAR" in kind or kind == "JSON"
    ]
    if not columns:
        return
    tests = ", ".join(f"count(*) filter (where {_is_exposed(quoted(name))})" for name, _ in columns)
    counts = con.execute(f"select {tests} from warehouse.{quoted('marts', table)}").fetchone()
    assert counts is not None
    for (name, kind), count in zip(columns, counts, strict=True):
        if count:
            yield Exposed(table, name, kind, count)
