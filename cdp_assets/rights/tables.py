"""A DuckDB file written again without a person: copied table by table into a new file, which then takes the old one's name.

`DELETE`, `VACUUM` and `CREATE OR REPLACE` leave the bytes in the file (measured); only a copy does not. Which rows are hers is told by the
names of columns, so that a new table needs no line here; rows that bear money stay, and lose what names her.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from cdp_assets.activation.forgetting import STILL_AT_PLATFORMS
from cdp_assets.activation.vault import AWAY
from cdp_assets.engine import STORAGE, STORAGE_VERSION
from cdp_assets.forgetting import Counted, Sought
from cdp_assets.private_files import sync
from cdp_assets.publishing.copies import text
from cdp_assets.rights import hers as hers_in
from cdp_assets.rights.problems import RequestProblem
from cdp_assets.rights.traces import Traces
from cdp_assets.sql_text import identifier

ERASING = ".erasing"
# What people write in their own words into state: of a ruling, a request, a hold. Whoever is named there in somebody else's row: the text goes.
FREE_TEXTS, TEXT_GONE = ("reason", "detail", "outcome", "note", "legal_basis"), "[erased]"
IsNamed = Callable[[str], bool]


@dataclass
class _Copied:
    """How the tables of a file are copied, and what was done.

    is_made: the tables are there already, with their constraints; few: table → numbers of cells that go; is_named: whether a text names her,
    where people's own words are looked at.
    """

    is_made: bool
    few: Mapping[str, Sequence[int]]
    is_named: IsNamed | None = None
    counted: Counted = field(default_factory=Counted)


def write_again(
    path: Path,
    target: Path,
    traces: Traces,
    key: bytes,
    *,
    limits: dict[str, str | bool | int | float | list[str]] | None = None,
    keeps_constraints: bool = False,
    few: Mapping[str, Sequence[int]] | None = None,
    is_named: IsNamed | None = None,
) -> Counted:
    """Copy a DuckDB file to `target` without her. `keeps_constraints`: with keys and defaults, as state needs them.

    few: table → numbers of the cells of aggregates that would count too few people without her (`cells`): they go. is_named: whether a text names
    her; given where people's own words (FREE_TEXTS) are to be looked at.
    """
    target.unlink(missing_ok=True)
    copied = _Copied(keeps_constraints, few or {}, is_named)
    with duckdb.connect(config={**(limits or {}), **STORAGE}) as con:
        con.execute(f"attach {text(path)} as held (read_only)")
        con.execute(f"attach {text(target)} as fresh (storage_version {text(STORAGE_VERSION)})")
        hers_in.register(con, traces, key)
        hers_in.name_touches(con, "held")
        _keep_what_platforms_hold(con)
        con.begin()  # one transaction: a file that is not whole is thrown away, so nothing is gained by syncing each table
        _copy_tables(con, copied)
        con.commit()
        views = con.execute(
            "select schema_name, sql from duckdb_views() where database_name = 'held' and not internal order by view_oid"
        ).fetchall()
        con.execute("checkpoint fresh")
    if views and not keeps_constraints:
        _make_views(target, views)
    _check(target)
    return copied.counted


def _copy_tables(con: duckdb.DuckDBPyConnection, copied: _Copied) -> None:
    there = hers_in.tables_of(con, "held")
    if copied.is_made:
        con.execute("copy from database held to fresh (schema)")
    else:
        for schema in sorted({schema for schema, _, _ in there}):
            con.execute(f"create schema if not exists fresh.{identifier(schema)}")
    empty = hers_in.empty_tables(con, "held")
    for schema, table, columns in there:
        if (schema, table) not in empty:
            _copy_table(con, copied, schema, table, columns)
        elif not copied.is_made:
            con.execute(
                f"create table fresh.{identifier(schema, table)} as from held.{identifier(schema, table)}"
            )
    if not copied.is_made:
        _copy_comments(con)


def _keep_what_platforms_hold(con: duckdb.DuckDBPyConnection) -> None:
    """The number of a platform key stays, without its customer, until the platform has acknowledged its removal; the key is in the vault."""
    con.execute("create or replace temp table keys_away (key_id varchar)")
    if any(table == "activation_entries" for _, table, _ in hers_in.tables_of(con, "held")):
        still = STILL_AT_PLATFORMS.format(database="held")
        con.execute(
            f"insert into keys_away select gone_key from gone_keys where gone_key in ({still}) and gone_key not in "
            "(select key_id::varchar from held.activation_key_customers where customer_id not in (select gone_key from gone_customers))"
        )
        con.execute(f"delete from gone_keys where gone_key in ({still})")


def _copy_table(
    con: duckdb.DuckDBPyConnection, copied: _Copied, schema: str, table: str, columns: list[str]
) -> None:
    """One table without her: her rows are found by their numbers first, so that all else is copied as it is."""
    name, source = f"{schema}.{table}", f"held.{identifier(schema, table)}"
    select = f"select * from {source}"
    if table == "activation_keys":
        select = f"select * replace (case when key_id::varchar in (select key_id from keys_away) then {text(AWAY)} else platform_key end as platform_key) from {source}"
    hers = hers_in.rows_of_hers(columns, source)
    if table == hers_in.ISSUED:
        origin = "case when origin_record_key in (select gone_key from gone_records) then 'erased' else origin_record_key end"
        select = f"select * replace ({origin} as origin_record_key) from {source}"
    elif hers:
        count = _number(con, hers)
        if count and hers_in.bears_money(columns):
            copied.counted.blanked[name] = count
            select = f"select {_blanked(columns)} from {source} as stored left join hits on stored.rowid = hits.hit"
        elif count:
            copied.counted.removed[name] = count
            select = f"{select} as stored anti join hits on stored.rowid = hits.hit"
    elif few := copied.few.get(name):
        copied.counted.hidden[name] = len(few)
        con.execute("create or replace temp table hits as select unnest(?::bigint[]) as hit", [few])
        select = f"{select} as stored anti join hits on stored.rowid = hits.hit"
    if copied.is_named and (gone := _texts_gone(con, source, columns, copied.is_named)):
        select = f"select * replace ({gone}) from ({select})"
    target = f"fresh.{identifier(schema, table)}"
    con.execute(f"insert into {target} {select}" if copied.is_made else f"create table {target} as {select}")


def _texts_gone(
    con: duckdb.DuckDBPyConnection, source: str, columns: Sequence[str], is_named: IsNamed
) -> str:
    """SQL that puts TEXT_GONE in the place of people's own words that name her; empty where none do."""
    found = []
    for name in (each for each in FREE_TEXTS if each in columns):
        column = identifier(name)
        texts = con.execute(f"select distinct {column} from {source} where {column} is not null").fetchall()
        if named := [text(each) for (each,) in texts if isinstance(each, str) and is_named(each)]:
            found.append(
                f"case when {column} in ({', '.join(named)}) then {text(TEXT_GONE)} else {column} end as {column}"
            )
    return ", ".join(found)


def _number(con: duckdb.DuckDBPyConnection, rows: str) -> int:
    """Put the numbers of some rows into the table `hits`; how many."""
    ((count,),) = con.execute(
        f"create or replace temp table hits as select * from ({rows}) as found (hit)"
    ).fetchall()
    return int(count)


def _blanked(columns: Sequence[str]) -> str:
    changed = [
        f"case when hits.hit is null then {identifier(name)} end as {identifier(name)}"
        for name in columns
        if hers_in.is_of_person(name)
    ]
    changed += [
        f"hits.hit is not null or coalesce({name}, false) as {name}"
        for name in ("is_anonymous", "is_erased")
        if name in columns
    ]
    return f"stored.* replace ({', '.join(changed)})"


def _copy_comments(con: duckdb.DuckDBPyConnection) -> None:
    comments = con.execute(
        "select 'table', [schema_name, table_name], comment from duckdb_tables() where database_name = 'held' and comment is not null "
        "union all select 'column', [schema_name, c.table_name, column_name], c.comment from duckdb_columns() as c "
        "semi join duckdb_tables() as t on t.database_name = c.database_name and t.schema_name = c.schema_name and t.table_name = c.table_name "
        "where c.database_name = 'held' and c.comment is not null"
    ).fetchall()
    for kind, path, comment in comments:
        con.execute(f"comment on {kind} fresh.{identifier(*path)} is {text(comment)}")


def _make_views(target: Path, views: Sequence[tuple[str, str]]) -> None:
    """Views in whatever order they need each other; one that reads what is not there (an attached state) stays away until the next run."""
    with duckdb.connect(str(target), config=STORAGE) as con:
        waiting = list(views)
        while waiting:
            left = []
            for schema, sql in waiting:
                try:
                    con.execute(f"create schema if not exists {identifier(schema)}")
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
    sync(fresh)
    path.with_name(path.name + ".wal").unlink(missing_ok=True)
    fresh.replace(path)
    sync(path.parent)


def merge_log(path: Path) -> None:
    """Open a file once, so that what a killed process left in its log is in the file."""
    if path.with_name(path.name + ".wal").exists():
        with duckdb.connect(str(path)) as con:
            con.execute("checkpoint")


def rewrite_in_place(path: Path, sought: Sought, *, keeps_constraints: bool = False) -> Counted:
    """A file written again and put in its own place; killed anywhere, either the old or the new file is there."""
    fresh = path.with_name(path.name + ERASING)
    merge_log(path)
    try:
        counted = sought.copy_database(path, fresh, keeps_constraints=keeps_constraints)
        put_in_place(fresh, path)
    except (OSError, duckdb.Error):  # a full disk is not made fuller by half a copy
        for half in (fresh, fresh.with_name(fresh.name + ".wal")):
            half.unlink(missing_ok=True)
        raise
    return counted


Progress = Callable[[str], None]
