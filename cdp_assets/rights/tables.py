"""A DuckDB file written again without a person: copied table by table into a new file, which then takes the old one's name.

`DELETE`, `VACUUM` and `CREATE OR REPLACE` leave the bytes in the file (measured); only a copy does not. Which rows are hers is told by the
names of columns, so that a new table needs no line here; rows that bear money stay, and lose what names her.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import duckdb

from cdp_assets.activation.forgetting import STILL_AT_PLATFORMS
from cdp_assets.engine import STORAGE, STORAGE_VERSION
from cdp_assets.forgetting import Counted, Sought
from cdp_assets.keys import SEPARATOR_SQL as MARK
from cdp_assets.keys import register_pseudonym
from cdp_assets.landing.files import sync_dir
from cdp_assets.publishing.copies import text
from cdp_assets.publishing.fingerprint import quoted
from cdp_assets.rights.problems import RequestProblem
from cdp_assets.rights.traces import Traces
from cdp_assets.sharing.aggregates import PEOPLE_COUNTS

# Names of columns → which of her keys they hold.
CUSTOMER = re.compile(r"((other|old|new|successor)_)?customer_id(_[lr])?")
RECORD = re.compile(r"record_key(_[lr])?|target_key|cluster_key")
NODE = re.compile(r"node_key(_[lr])?|cluster_key")
VALUE = re.compile(
    r"identifier_(value|key)|contact_(value|pseudonym)|term_key|(delivered_)?(phone|email)|loyalty_id|platform_id|national_id"
)
SOURCES = {"source_customer_id": "channel", "linked_customer_id": "linked_channel", "device_id": "channel"}
TOUCH = re.compile(r"touch(point)?_id")  # made of a device's id, in tables that name no device
# One row of them is an order, a line, a refund or a payment: it stays, without its person.
MONEY_KEYS, PATH_KEYS = (
    {"order_id", "refund_id", "payment_id", "conversion_id"},
    {"touch_id", "touchpoint_id", "path_id", "credit"},
)
ERASING = ".erasing"
ISSUED = (
    "issued_ids"  # an id once issued is never issued again: the bare id stays, what it was made from goes
)


def is_of_person(name: str) -> bool:
    """Whether a column of this name holds one of a person's keys."""
    return any(each.fullmatch(name) for each in (CUSTOMER, RECORD, NODE, VALUE)) or name in (
        *SOURCES,
        "record_keys",
    )


def register(con: duckdb.DuckDBPyConnection, traces: Traces, key: bytes) -> None:
    """Make the temporary tables of her keys that the conditions of `condition` read."""
    register_pseudonym(con, key)
    values = {value for _, value in traces.identifiers} | set(traces.contact_keys) | set(traces.written)
    lists = {
        "gone_customers": traces.customer_ids,
        "gone_records": traces.record_keys,
        "gone_nodes": traces.node_keys,
        "gone_sources": [f"{channel}\x1f{source_id}" for channel, source_id in traces.sources],
        "gone_values": sorted(values),
        "gone_touches": [],
        "gone_keys": traces.platform_key_ids,
    }
    for name, found in lists.items():
        con.execute(f"create or replace temp table {name} as select unnest(?::varchar[]) as k", [list(found)])
    con.execute(
        f"insert into gone_values select pseudonym(unnest(?::varchar[]) || {MARK} || unnest(?::varchar[]))",
        [[kind for kind, _ in traces.identifiers], [value for _, value in traces.identifiers]],
    )


def condition(columns: Sequence[str]) -> str | None:
    """SQL that is true for a row of hers, over the columns of a table; None where none of them can tell."""
    tests = []
    for name in columns:
        column = quoted(name)
        tests += [
            f"coalesce({column}::varchar in (select k from {table}), false)"
            for pattern, table in (
                (CUSTOMER, "gone_customers"),
                (RECORD, "gone_records"),
                (NODE, "gone_nodes"),
                (VALUE, "gone_values"),
            )
            if pattern.fullmatch(name)
        ]
        if SOURCES.get(name) in columns:
            pair = f"{quoted(SOURCES[name])} || {MARK} || {column}"
            tests.append(f"coalesce({pair} in (select k from gone_sources), false)")
        if TOUCH.fullmatch(name):
            tests.append(f"coalesce({column}::varchar in (select k from gone_touches), false)")
        if name == "key_id":
            tests.append(f"coalesce({column}::varchar in (select k from gone_keys), false)")
        if name == "record_keys":
            tests.append(
                f"coalesce(list_has_any(string_split({column}::varchar, ' '), (select list(k) from gone_records)), false)"
            )
    return " or ".join(tests) or None


def bears_money(columns: Sequence[str]) -> bool:
    return bool(MONEY_KEYS & set(columns)) and not PATH_KEYS & set(columns)


def count_rows(path: Path, traces: Traces, key: bytes) -> dict[str, int]:
    """Rows of hers in a DuckDB file, by table; nothing is changed."""
    with duckdb.connect() as con:
        con.execute(f"attach {text(path)} as held (read_only)")
        register(con, traces, key)
        found = {}
        for schema, table, columns in _tables(con, "held"):
            if (hers := condition(columns)) and table != ISSUED:
                ((count,),) = con.execute(
                    f"select count(*) from held.{quoted(schema, table)} where {hers}"
                ).fetchall()
                if count:
                    found[f"{schema}.{table}"] = int(count)
        return found


def write_again(
    path: Path,
    target: Path,
    traces: Traces,
    key: bytes,
    *,
    limits: dict[str, str | bool | int | float | list[str]] | None = None,
    keeps_constraints: bool = False,
    smallest_cell: int = 0,
) -> Counted:
    """Copy a DuckDB file to `target` without her. `keeps_constraints`: with keys and defaults, as state needs them.

    `smallest_cell`: rows of aggregates that would count fewer people than that without her go: who is left would tell who she was.
    """
    target.unlink(missing_ok=True)
    counted = Counted()
    with duckdb.connect(config={**(limits or {}), **STORAGE}) as con:
        con.execute(f"attach {text(path)} as held (read_only)")
        con.execute(f"attach {text(target)} as fresh (storage_version {text(STORAGE_VERSION)})")
        register(con, traces, key)
        _name_touches(con)
        _keep_what_platforms_hold(con)
        if keeps_constraints:
            con.execute("copy from database held to fresh (schema)")
        for schema, table, columns in _tables(con, "held"):
            if not keeps_constraints:
                con.execute(f"create schema if not exists fresh.{quoted(schema)}")
            _copy_table(
                con, schema, table, columns, counted, is_made=keeps_constraints, smallest_cell=smallest_cell
            )
        if not keeps_constraints:
            _copy_comments(con)
        views = con.execute(
            "select schema_name, sql from duckdb_views() where database_name = 'held' and not internal order by view_oid"
        ).fetchall()
        con.execute("checkpoint fresh")
    if views and not keeps_constraints:
        _make_views(target, views)
    _check(target)
    return counted


def _name_touches(con: duckdb.DuckDBPyConnection) -> None:
    """Her touches, for the tables that know them by their ids alone."""
    found = []
    for schema, table, columns in _tables(con, "held"):
        hers = condition(columns)
        if PATH_KEYS & set(columns) and hers:
            found += [
                f"select {quoted(name)}::varchar from held.{quoted(schema, table)} where {hers}"
                for name in columns
                if TOUCH.fullmatch(name)
            ]
    if found:
        con.execute(
            f"create or replace temp table gone_touches as select distinct * from ({' union all '.join(found)}) as t (k)"
        )


def _keep_what_platforms_hold(con: duckdb.DuckDBPyConnection) -> None:
    """A platform key stays, without its customer, until the platform has acknowledged its removal: nothing else says what to remove."""
    if any(table == "activation_entries" for _, table, _ in _tables(con, "held")):
        con.execute(f"delete from gone_keys where k in ({STILL_AT_PLATFORMS.format(database='held')})")


def _copy_table(
    con: duckdb.DuckDBPyConnection,
    schema: str,
    table: str,
    columns: list[str],
    counted: Counted,
    *,
    is_made: bool,
    smallest_cell: int,
) -> None:
    source, target = f"held.{quoted(schema, table)}", f"fresh.{quoted(schema, table)}"
    select, where, hers = "*", "", condition(columns)
    if table == ISSUED:
        select = "* replace (case when origin_record_key in (select k from gone_records) then 'erased' else origin_record_key end as origin_record_key)"
    elif hers:
        ((count,),) = con.execute(f"select count(*) from {source} where {hers}").fetchall()
        if count and bears_money(columns):
            counted.blanked[f"{schema}.{table}"] = int(count)
            select = _blanked(columns, hers)
        elif count:
            counted.removed[f"{schema}.{table}"] = int(count)
            where = f"where not ({hers})"
    elif smallest_cell and (few := _few_people(columns, smallest_cell)):
        ((count,),) = con.execute(f"select count(*) from {source} where {few}").fetchall()
        if count:
            counted.hidden[f"{schema}.{table}"] = int(count)
            where = f"where not ({few})"
    made = f"insert into {target}" if is_made else f"create table {target} as"
    con.execute(f"{made} select {select} from {source} {where}")


def _few_people(columns: Sequence[str], smallest_cell: int) -> str | None:
    """SQL: the row counts people, and one of them gone leaves too few. It is not known which rows she was counted in: each may be one."""
    return (
        " or ".join(
            f"coalesce({quoted(name)} between 1 and {smallest_cell}, false)"
            for name in columns
            if name in PEOPLE_COUNTS
        )
        or None
    )


def _blanked(columns: Sequence[str], hers: str) -> str:
    changed = [
        f"case when {hers} then null else {quoted(name)} end as {quoted(name)}"
        for name in columns
        if is_of_person(name)
    ]
    changed += [
        f"({hers}) or coalesce({name}, false) as {name}"
        for name in ("is_anonymous", "is_erased")
        if name in columns
    ]
    return f"* replace ({', '.join(changed)})"


def _tables(con: duckdb.DuckDBPyConnection, database: str) -> list[tuple[str, str, list[str]]]:
    rows = con.execute(
        "select schema_name, table_name, list(column_name order by column_index) from duckdb_columns() "
        "where database_name = $db and (schema_name, table_name) in "
        "(select (schema_name, table_name) from duckdb_tables() where database_name = $db) group by all order by all",
        {"db": database},
    ).fetchall()
    return [(schema, table, list(columns)) for schema, table, columns in rows]


def _copy_comments(con: duckdb.DuckDBPyConnection) -> None:
    comments = con.execute(
        "select 'table', [schema_name, table_name], comment from duckdb_tables() where database_name = 'held' and comment is not null "
        "union all select 'column', [schema_name, c.table_name, column_name], c.comment from duckdb_columns() as c "
        "semi join duckdb_tables() as t on t.database_name = c.database_name and t.schema_name = c.schema_name and t.table_name = c.table_name "
        "where c.database_name = 'held' and c.comment is not null"
    ).fetchall()
    for kind, path, comment in comments:
        con.execute(f"comment on {kind} fresh.{quoted(*path)} is {text(comment)}")


def _make_views(target: Path, views: Sequence[tuple[str, str]]) -> None:
    """Views in whatever order they need each other; one that reads what is not there (an attached state) stays away until the next run."""
    with duckdb.connect(str(target), config=STORAGE) as con:
        waiting = list(views)
        while waiting:
            left = []
            for schema, sql in waiting:
                try:
                    con.execute(f"create schema if not exists {quoted(schema)}")
                    con.execute(sql)
                except duckdb.Error:
                    left.append((schema, sql))
            if len(left) == len(waiting):
                return
            waiting = left


def _check(target: Path) -> None:
    if target.with_name(target.name + ".wal").exists():
        raise RequestProblem(
            "a copy has a write-ahead log that was not merged",
            target.name,
            "free space on the disk, then run again",
        )


def put_in_place(fresh: Path, path: Path) -> None:
    """Give a finished copy the old file's name and rights; a log of the old file must not be replayed into it."""
    fresh.chmod(path.stat().st_mode & 0o777)
    descriptor = os.open(fresh, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    path.with_name(path.name + ".wal").unlink(missing_ok=True)
    fresh.replace(path)
    sync_dir(path.parent)


def merge_log(path: Path) -> None:
    """Open a file once, so that what a killed process left in its log is in the file."""
    if path.with_name(path.name + ".wal").exists():
        with duckdb.connect(str(path)) as con:
            con.execute("checkpoint")


def rewrite_in_place(path: Path, sought: Sought, *, keeps_constraints: bool = False) -> Counted:
    """A file written again and put in its own place; killed anywhere, either the old or the new file is there."""
    fresh = path.with_name(path.name + ERASING)
    merge_log(path)
    counted = sought.copy_database(path, fresh, keeps_constraints=keeps_constraints)
    put_in_place(fresh, path)
    return counted


Progress = Callable[[str], None]
