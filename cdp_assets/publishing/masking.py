"""The last wall: what marts hold of identifiers in clear is masked in its cell on the way to readers, and people are told.

The classification of columns says what a model means to publish, and staging scrubs what outsiders write; this looks at what the rows
really hold. One visitor's address in a link must not stop the night for everybody.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

import duckdb

from cdp_assets.engine import scratch
from cdp_assets.publishing.copies import NO_MASKS, Masks, relations_of, text
from cdp_assets.publishing.fingerprint import columns_of
from cdp_assets.settings import Settings
from cdp_assets.sql_text import identifier

Classes = Mapping[tuple[str, str], str]
CORE = "core"
# An e-mail address anywhere in the text (a URL may carry one); a phone number that is the whole text, in E.164.
EMAIL = r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}"
PHONE = r"\+[1-9][0-9]{7,14}"
# What of the contact schema's columns of the highest class reaches or names a person: an address, a number of seven digits or more, a
# platform's long id. Names of people are words that products and campaigns bear, too; a date is none of these.
REACHING = (
    "(contains({value}, '@') or length(regexp_replace({value}, '[^0-9]', '', 'g')) >= 7 or regexp_full_match({value}, '[A-Za-z0-9_-]{{20,}}')) "
    "and not regexp_full_match({value}, '[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}.*')"
)
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


def find_exposed(settings: Settings, classes: Classes) -> list[Exposed]:
    """Columns of the marts with e-mail addresses, phone numbers, or what reaches a person of the contact schema's core columns.

    `classes`: (table, column) of the contact schema → its class; a column that it does not name counts as core.
    """
    with scratch(settings.duckdb_limits) as con:
        con.execute(f"attach {text(settings.warehouse_path)} as warehouse (read_only)")
        collect_identifiers(con, classes)
        return [
            each for table in relations_of(con, "warehouse", "marts") for each in _exposed_columns(con, table)
        ]


def masks_for(exposed: Sequence[Exposed], classes: Classes) -> Masks:
    """How the marts are copied so that no exposed cell reaches a reader."""
    if not exposed:
        return NO_MASKS
    return Masks(
        partial(collect_identifiers, classes=classes),
        lambda table: masked_relation(table, exposed),
        frozenset(each.table for each in exposed),
    )


def masked_relation(table: str, exposed: Sequence[Exposed]) -> str:
    """SQL of a mart with its exposed cells masked; needs the temporary table of `collect_identifiers` in the connection.

    In a text the identifier alone is replaced; a cell of a nested type becomes null.
    """
    columns = [each for each in exposed if each.table == table]
    source = f"warehouse.{identifier('marts', table)}"
    if not columns:
        return source
    return f"(select * replace ({', '.join(map(_masked, columns))}) from {source})"


def _masked(each: Exposed) -> str:
    name = identifier(each.column)
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


def collect_identifiers(con: duckdb.DuckDBPyConnection, classes: Classes) -> None:
    """Temporary table `identifiers`: what reaches a person, of every core column of the contact schema.

    Ids of records in their channels are left out: they are published as such, with a class of their own.
    """
    con.execute("create temp table identifiers (identifier varchar)")
    for table in relations_of(con, "warehouse", "contact"):
        for column, _ in columns_of(con, "warehouse", "contact", table):
            if classes.get((table, column), CORE) == CORE:
                con.execute(
                    f"insert into identifiers select distinct value from (select {identifier(column)}::varchar as value "
                    f"from warehouse.{identifier('contact', table)}) where {REACHING.format(value='value')}"
                )
    if "customer_ids" in relations_of(con, "warehouse", "identity"):
        con.execute(
            "delete from identifiers where identifier in (select source_customer_id from warehouse.identity.customer_ids)"
        )


def _exposed_columns(con: duckdb.DuckDBPyConnection, table: str) -> Iterator[Exposed]:
    columns = [
        (name, kind)
        for name, kind in columns_of(con, "warehouse", "marts", table)
        if "VARCHAR" in kind or kind == "JSON"
    ]
    if not columns:
        return
    tests = ", ".join(f"count(*) filter (where {_is_exposed(identifier(name))})" for name, _ in columns)
    counts = con.execute(f"select {tests} from warehouse.{identifier('marts', table)}").fetchone()
    assert counts is not None
    for (name, kind), count in zip(columns, counts, strict=True):
        if count:
            yield Exposed(table, name, kind, count)
