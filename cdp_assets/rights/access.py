"""What is held of a person, gathered for her: values with their sources, purposes, recipients, retention, and the logic behind judgements of her.

Never another person's data: rows are those of records that are surely hers or that the officer confirmed, and a cell that names somebody
else's e-mail address or number is withheld. How it is written into a file is `answers`' part.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import duckdb

from cdp_assets.keys import load_key
from cdp_assets.landing import forgetting as landing
from cdp_assets.landing.contract import ChannelContract, load_contracts
from cdp_assets.landing.refused_rows import refused_rows
from cdp_assets.landing.suppression.identifiers import EMAIL_PATTERN, contacts_in, national_forms
from cdp_assets.landing.suppression.matches import AROUND_IDS, Suppressed
from cdp_assets.mailbox import mailbox_of
from cdp_assets.retention_rules import rules
from cdp_assets.rights import closure
from cdp_assets.rights.sections import JUDGED, SECTIONS, Section
from cdp_assets.rights.traces import Traces
from cdp_assets.settings import Settings
from cdp_assets.sql_text import identifier
from cdp_assets.state import connect_state

WITHHELD = "[withheld]"  # in the place of a cell that names somebody else
WORD_OF_OTHERS = (
    3  # letters beside an address or a number: it is said in a text, which may be somebody else's
)


@dataclass
class Part:
    """One section of an answer: its columns and rows."""

    name: str
    columns: list[str]
    rows: list[list[Any]]


@dataclass
class Found:
    """Everything that is held of a person. left_out: sections whose tables this build does not have; withheld: cells that named somebody else."""

    records: int
    parts: list[Part] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)
    withheld: int = 0
    definitions: dict[str, str] = field(default_factory=dict)  # of the columns of judgements, in English
    is_mixed: bool = False  # her customer holds records that are not hers: its figures are nobody's


def gather(settings: Settings, con: duckdb.DuckDBPyConnection, records: Sequence[str]) -> Found:
    """What is held of the person with these records. con: of `people.open_people`."""
    traces = closure.traces_of(con, records)
    found = Found(len(records), is_mixed=not traces.customer_ids)
    tables = {
        f"{schema}.{table}"
        for schema, table in con.execute(
            "select schema_name, table_name from duckdb_tables() where database_name = 'warehouse' "
            "union all select schema_name, view_name from duckdb_views() where database_name = 'warehouse'"
        ).fetchall()
    }
    for section in SECTIONS:
        if set(section.needs) - tables:
            found.left_out.append(section.name)
        else:
            found.parts.append(_asked(con, section))
    found.parts.append(_judgements(con, tables))
    found.definitions = dict(
        con.execute(
            "select column_name, comment from duckdb_columns() where database_name = 'warehouse' and schema_name = 'marts' "
            "and table_name in (select unnest(?::varchar[])) and comment is not null order by table_name",
            [list(JUDGED)],
        ).fetchall()
    )
    found.parts += [*_of_files(settings, traces), _retention(settings)]
    _withhold(con, found)
    return found


def _asked(con: duckdb.DuckDBPyConnection, section: Section) -> Part:
    asked = con.execute(section.sql)
    columns = [each[0] for each in asked.description or []]
    return Part(section.name, columns, [list(row) for row in asked.fetchall()])


def _judgements(con: duckdb.DuckDBPyConnection, tables: set[str]) -> Part:
    """Traits, segments and value: each with what it is and how the table is made, in the words that the marts carry."""
    part = Part("judgements", ["table_name", "fact", "value"], [])
    for name in JUDGED:
        if f"marts.{name}" not in tables:
            continue
        asked = con.execute(
            f"select * exclude (customer_id) from marts.{identifier(name)} semi join her_ids using (customer_id)"
        )
        columns = [each[0] for each in asked.description or []]
        for row in asked.fetchall():
            part.rows += [
                [name, column, value] for column, value in zip(columns, row, strict=True) if value is not None
            ]
    return part


def _of_files(settings: Settings, traces: Traces) -> list[Part]:
    """What delivered files say of her, value by value, and which files hold rows of hers, quarantined ones too."""
    suppressed = traces.suppressions(load_key(settings))
    people = Suppressed(sorted({each for _, each in suppressed}), frozenset(kind for kind, _ in suppressed))
    contracts = load_contracts(*settings.contract_dirs)
    held = landing.holding_loads(settings, contracts, people)
    rows = [
        [each.channel, each.export, each.header, each.value, each.rows]
        for each in landing.delivered(settings, contracts, people, held)
    ]
    return [
        Part("delivered", ["channel", "export", "header", "value", "row_count"], rows),
        _refused(settings, contracts, people, traces),
        _files(settings, held),
    ]


def _refused(
    settings: Settings, contracts: Mapping[str, ChannelContract], people: Suppressed, traces: Traces
) -> Part:
    """Her cells of rows that broke a contract and are in no table; a row of which no cell can be told to be hers is counted all the same."""
    rows = [
        [each.channel, each.export, each.file_name, each.line, each.column_name, cell, each.others]
        for each in refused_rows(settings, contracts, people, her_cells(traces))
        for cell in each.cells or (None,)
    ]
    columns = ["channel", "export", "file_name", "line", "column_name", "value", "other_cells"]
    return Part("refused_rows", columns, rows)


def her_cells(traces: Traces) -> Callable[[str], bool]:
    """Whether a cell says something of her alone: it is a value of hers, or an address or number of hers and hardly another word."""
    carried = [*traces.identifiers, *traces.shared_identifiers]
    known = {plain_cell(value) for _, value in (*carried, *traces.sources, *traces.orders)}
    known |= {plain_cell(each) for each in (*traces.names, *traces.written)}
    contacts = {("email", form) for kind, value in carried if kind == "email" for form in (value.lower(), mailbox_of(value.lower()))}  # fmt: skip
    contacts |= {
        ("phone", form) for kind, value in carried if kind == "phone" for form in national_forms(value)
    }

    def is_hers(cell: str) -> bool:
        if plain_cell(cell) in known:
            return True
        letters = sum(each.isalpha() for each in re.sub(EMAIL_PATTERN, "", cell.lower()))
        return letters < WORD_OF_OTHERS and not contacts.isdisjoint(contacts_in(cell))

    return is_hers


def plain_cell(text: str) -> str:
    """A cell as two writings of a value are compared: without space and marks of spreadsheets, small letters."""
    return re.sub("[.]0+$", "", text.strip(AROUND_IDS)).casefold()


def _files(settings: Settings, held: Mapping[tuple[str, str], Mapping[str, int]]) -> Part:
    counts = {
        (channel, export, load): rows
        for (channel, export), loads in held.items()
        for load, rows in loads.items()
    }
    part = Part("files", ["channel", "export", "file_name", "landed_at", "row_count"], [])
    if counts:
        with connect_state(settings, read_only=True) as con:
            rows = con.execute(
                "select channel, export, load_id, file_name, landed_at from loads where load_id in (select unnest(?::varchar[])) order by all",
                [sorted({load for _, _, load in counts})],
            ).fetchall()
        part.rows = [
            [c, e, name, at, counts[c, e, load]] for c, e, load, name, at in rows if (c, e, load) in counts
        ]
    return part


def _retention(settings: Settings) -> Part:
    """How long what is held stays: by contract and by setting; null: until it is asked to go."""
    part = Part("retention", ["what", "days", "note"], [])
    for contract in load_contracts(*settings.contract_dirs).values():
        for export in contract.exports:
            days = contract.retention_days(export.name)
            if days is not None:
                part.rows.append([f"{contract.name}.{export.name}", days, "originals"])
    if days := rules(settings.retention).get("core"):
        part.rows.append(["histories", days, "answer"])
    part.rows += [
        ["customer records", None, "until_erased"],
        ["published generations", None, f"last {settings.keep_generations}"],
        ["logs of runs", None, f"last {settings.keep_runs}"],
        ["this answer", settings.answer_days, "answer"],
    ]
    return part


def _withhold(con: duckdb.DuckDBPyConnection, found: Found) -> None:
    """Put WITHHELD in the place of each cell that holds an e-mail address or a number which others carry and she does not."""
    cells = [
        (row, at)
        for part in found.parts
        for row in part.rows
        for at, cell in enumerate(row)
        if isinstance(cell, str)
    ]
    named = {word for row, at in cells for word in _named(row[at])}
    if not named:
        return
    others = {
        row[0]
        for row in con.execute(
            """
            with carried as (
                select record_key, case identifier_type
                    when 'email' then lower(identifier_value) else right(regexp_replace(identifier_value, '[^0-9]', '', 'g'), 10)
                end as word
                from identity.identifiers where identifier_type in ('email', 'phone')
                union all
                select record_key, lower(trim(delivered_email)) from contact.records_contact
                union all
                select record_key, right(regexp_replace(delivered_phone, '[^0-9]', '', 'g'), 10) from contact.records_contact
            )
            select word from carried where word in (select unnest(?::varchar[]))
            group by word having not bool_or(record_key in (select record_key from hers))
            """,
            [sorted(named)],
        ).fetchall()
    }
    for row, at in cells if others else []:
        if others.intersection(_named(row[at])):
            row[at] = WITHHELD
            found.withheld += 1


def _named(cell: str) -> Iterable[str]:
    """E-mail addresses and their mailboxes, and the last ten digits of numbers, in a text."""
    for kind, each in contacts_in(cell):
        yield each[-10:] if kind == "phone" else each
