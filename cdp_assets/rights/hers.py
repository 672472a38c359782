"""Which rows of a table are hers, told by the names of its columns alone: a new table needs no line here.

Each column that can tell is one semi join with a list of her keys: DuckDB reads that column only, and passes over row groups that hold
none of them. What becomes of the rows is not decided here.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from cdp_assets.engine import scratch
from cdp_assets.keys import pseudonym
from cdp_assets.publishing.copies import text
from cdp_assets.rights.traces import Traces
from cdp_assets.sql_text import identifier

# Names of columns → which of her keys they hold.
CUSTOMER = re.compile(r"((other|old|new|successor)_)?customer_id(_[lr])?")
RECORD = re.compile(r"record_key(_[lr])?|target_key|cluster_key")
NODE = re.compile(r"node_key(_[lr])?|cluster_key")
VALUE = re.compile(
    r"identifier_(value|key)|contact_(value|pseudonym)|term_key|(delivered_)?(phone|email)|loyalty_id|platform_id|national_id"
)
TYPES = (
    "phone",
    "email",
    "loyalty_id",
    "platform_id",
    "national_id",
)  # of identifiers, as columns are named, too
SOURCES = {"source_customer_id": "channel", "linked_customer_id": "linked_channel", "device_id": "channel"}
TOUCH = re.compile(r"touch(point)?_id")  # made of a device's id, in tables that name no device
RECORDS, PLATFORM_KEY = "record_keys", "key_id"
EVIDENCE = "evidence"  # of an answer: `channel/` and a line of a file, or a device and its visit
LISTS = {
    CUSTOMER: "gone_customers",
    RECORD: "gone_records",
    NODE: "gone_nodes",
    VALUE: "gone_values",
    TOUCH: "gone_touches",
}
# One row of them is an order, a line, a refund or a payment: it stays, without its person.
MONEY_KEYS, PATH_KEYS = (
    {"order_id", "refund_id", "payment_id", "conversion_id"},
    {"touch_id", "touchpoint_id", "path_id", "credit"},
)
ISSUED = (
    "issued_ids"  # an id once issued is never issued again: the bare id stays, what it was made from goes
)


@dataclass(frozen=True)
class _Told:
    """One column that can tell. test: true for a row and a row `gone` of the list; parts: SQL of a column that holds several keys."""

    gone: str
    test: str
    parts: str | None = None


def is_of_person(name: str) -> bool:
    """Whether a column of this name holds one of a person's keys."""
    return any(each.fullmatch(name) for each in (CUSTOMER, RECORD, NODE, VALUE)) or name in (
        *SOURCES,
        RECORDS,
    )


def bears_money(columns: Sequence[str]) -> bool:
    return bool(MONEY_KEYS & set(columns)) and not PATH_KEYS & set(columns)


def can_tell(columns: Sequence[str]) -> bool:
    """Whether any of these columns can tell a row of hers."""
    return next(_told_by(columns), None) is not None


def rows_of_hers(columns: Sequence[str], source: str, select: str = "rowid") -> str | None:
    """SQL of her rows in `source`, each once; None where no column can tell."""
    found = [
        f"select {select} from {source} semi join {each.gone} as gone on {each.test}"
        if each.parts is None
        else f"select {select} from (select *, rowid, {each.parts} as part from {source}) semi join {each.gone} as gone on {each.test}"
        for each in _told_by(columns)
    ]
    return " union ".join(found) or None


def condition(columns: Sequence[str]) -> str | None:
    """SQL that is true for a row of hers, where rows have no number (Parquet); None where no column can tell."""
    tests = [
        f"exists (select 1 from {each.gone} as gone where {each.test})"
        if each.parts is None
        else f"exists (select 1 from (select {each.parts} as part) as parts semi join {each.gone} as gone on {each.test})"
        for each in _told_by(columns)
    ]
    return " or ".join(tests) or None


def _told_by(columns: Sequence[str]) -> Iterator[_Told]:
    for name in columns:
        column = identifier(name)
        for pattern, gone in LISTS.items():
            if pattern.fullmatch(name):
                yield _Told(gone, f"{column}::varchar = gone.gone_key{_of_type(name, columns)}")
        if SOURCES.get(name) in columns:
            yield _Told(
                "gone_sources",
                f"{identifier(SOURCES[name])} = gone.gone_channel and {column} = gone.gone_key",
            )
        if name == PLATFORM_KEY:
            yield _Told("gone_keys", f"{column}::varchar = gone.gone_key")
        if name == RECORDS:
            yield _Told(
                "gone_records", "part = gone.gone_key", f"unnest(string_split({column}::varchar, ' '))"
            )
        if name == EVIDENCE:
            visit = f"regexp_replace({column}::varchar, '[.][^.]*$', '')"
            yield _Told("gone_evidence", "part = gone.gone_key", f"unnest([{column}::varchar, {visit}])")
            yield _Told("gone_touches", f"regexp_replace({column}::varchar, '/', ':') = gone.gone_key")


def _of_type(name: str, columns: Sequence[str]) -> str:
    """SQL: of a column that says of what type its values are, hers of that type alone: somebody's card may have the number of another's account."""
    if name == "identifier_value" and "identifier_type" in columns:
        kind = "identifier_type"
    elif name.removeprefix("delivered_") in TYPES:
        kind = f"'{name.removeprefix('delivered_')}'"
    else:
        return ""
    return f" and coalesce(gone.gone_type = {kind}, true)"


def register(con: duckdb.DuckDBPyConnection, traces: Traces, key: bytes) -> None:
    """Make the temporary tables of her keys that the SQL of this module reads."""
    values: set[tuple[str, str | None]] = {(value, kind) for kind, value in traces.identifiers}
    untyped = {*traces.contact_keys, *traces.written, *(pseudonym(key, *each) for each in traces.identifiers)}
    values |= {(value, None) for value in untyped}
    lists: dict[str, Sequence[str]] = {
        "gone_customers": traces.customer_ids,
        "gone_records": traces.record_keys,
        "gone_nodes": traces.node_keys,
        "gone_touches": [],
        "gone_keys": traces.platform_key_ids,
        "gone_evidence": sorted({"/".join(each) for each in traces.sources}),
    }
    for name, found in lists.items():
        con.execute(
            f"create or replace temp table {name} as select distinct unnest(?::varchar[]) as gone_key",
            [list(found)],
        )
    con.execute(
        "create or replace temp table gone_values as select distinct unnest(?::varchar[]) as gone_key, unnest(?::varchar[]) as gone_type",
        [[value for value, _ in values], [kind for _, kind in values]],
    )
    con.execute(
        "create or replace temp table gone_sources as select distinct unnest(?::varchar[]) as gone_channel, unnest(?::varchar[]) as gone_key",
        [[channel for channel, _ in traces.sources], [source_id for _, source_id in traces.sources]],
    )


def name_touches(con: duckdb.DuckDBPyConnection, database: str) -> None:
    """Her touches, for the tables that know them by their ids alone."""
    found = []
    for schema, table, columns in tables_of(con, database):
        if PATH_KEYS & set(columns):
            source = f"{database}.{identifier(schema, table)}"
            found += [
                sql
                for name in columns
                if TOUCH.fullmatch(name)
                and (sql := rows_of_hers(columns, source, f"{identifier(name)}::varchar"))
            ]
    if found:
        con.execute(
            f"create or replace temp table gone_touches as select * from ({' union '.join(found)}) as named (gone_key)"
        )


def count_rows(path: Path, traces: Traces, key: bytes) -> dict[str, int]:
    """Rows of hers in a DuckDB file, by table; nothing is changed."""
    with scratch() as con:
        con.execute(f"attach {text(path)} as held (read_only)")
        register(con, traces, key)
        found = {}
        for schema, table, sql in _selects(con):
            ((count,),) = con.execute(f"select count(*) from ({sql})").fetchall()
            if count:
                found[f"{schema}.{table}"] = int(count)
        return found


def is_in(path: Path, traces: Traces, key: bytes) -> bool:
    """Whether a DuckDB file holds any row of hers: the first that is found says it."""
    with scratch() as con:
        con.execute(f"attach {text(path)} as held (read_only)")
        register(con, traces, key)
        return any(con.execute(f"select 1 from ({sql}) limit 1").fetchall() for _, _, sql in _selects(con))


def _selects(con: duckdb.DuckDBPyConnection) -> Iterator[tuple[str, str, str]]:
    empty = empty_tables(con, "held")
    for schema, table, columns in tables_of(con, "held"):
        if (schema, table) in empty:
            continue
        sql = rows_of_hers(columns, f"held.{identifier(schema, table)}")
        if sql and table != ISSUED:
            yield schema, table, sql


def empty_tables(con: duckdb.DuckDBPyConnection, database: str) -> set[tuple[str, str]]:
    """(schema, table) of the tables that never held a row, or hold none: state has many."""
    rows = con.execute(
        "select schema_name, table_name from duckdb_tables() where database_name = ? and estimated_size = 0",
        [database],
    ).fetchall()
    return {(schema, table) for schema, table in rows}


def tables_of(con: duckdb.DuckDBPyConnection, database: str) -> list[tuple[str, str, list[str]]]:
    """(schema, table, columns in their order) of a database, views left out."""
    rows = con.execute(
        "select schema_name, table_name, list(column_name order by column_index) from duckdb_columns() "
        "where database_name = $db and (schema_name, table_name) in "
        "(select (schema_name, table_name) from duckdb_tables() where database_name = $db) group by all order by all",
        {"db": database},
    ).fetchall()
    return [(schema, table, list(columns)) for schema, table, columns in rows]
