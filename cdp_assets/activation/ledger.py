"""The ledger in state: which lists there are, what is pending, and one transaction that takes a run's proposals in.

What is desired, and what differs, is `differences`; what platforms answered is `answers`.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import date
from pathlib import PurePosixPath

import duckdb
import pyarrow as pa

from cdp_assets.activation.destination import Destinations
from cdp_assets.activation.files import Folder, Pending, Waiting
from cdp_assets.activation.lists import List
from cdp_assets.activation.reach import LEDGER
from cdp_assets.activation.vault import AWAY
from cdp_assets.engine import given
from cdp_assets.settings import Settings
from cdp_assets.sql_text import literal
from cdp_assets.state import PATIENCE_OF_WRITERS, StateInUse, connect_state

ALIAS = "ledger"
NOTES = 2000  # places of activation_counts from which on a step is a note in words


@contextmanager
def attached(con: duckdb.DuckDBPyConnection, settings: Settings) -> Iterator[None]:
    """state.duckdb as `ledger`, writable, beside what the connection has open. Raises StateInUse when another process keeps it."""
    give_up = time.monotonic() + PATIENCE_OF_WRITERS
    while True:
        try:
            con.execute(f"attach {literal(settings.state_path)} as {ALIAS}")
            break
        except duckdb.IOException as error:
            if "lock" not in str(error) or time.monotonic() > give_up:
                raise StateInUse(
                    f"another process has {settings.state_path} open: wait for it to end, then try again"
                ) from None
        time.sleep(0.1)
    try:
        yield
    finally:
        roll_back(con)
        con.execute(f"detach {ALIAS}")


@contextmanager
def attached_to_read(con: duckdb.DuckDBPyConnection, settings: Settings) -> Iterator[None]:
    """state.duckdb as `ledger`, read-only; left away where another process writes it or there is none yet: a preview waits for nobody."""
    try:
        con.execute(f"attach {literal(settings.state_path)} as {ALIAS} (read_only)")
    except (duckdb.IOException, duckdb.CatalogException):
        yield
        return
    try:
        yield
    finally:
        con.execute(f"detach {ALIAS}")


def has_lists(settings: Settings) -> bool:
    """Whether anything was ever proposed from this home."""
    with connect_state(settings, read_only=True) as con:
        return bool(con.execute("select count(*) from activation_lists").fetchall()[0][0])


def list_ids(con: duckdb.DuckDBPyConnection, wanted: Sequence[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """(destination, audience) → list_id, of all that the ledger has and of those wanted; new ones are numbered, and kept at the commit."""
    rows = con.execute(f"select destination, audience, list_id from {LEDGER}.activation_lists").fetchall()
    known = {(row[0], row[1]): row[2] for row in rows}
    number = max(known.values(), default=0)
    for each in wanted:
        if each not in known:
            number += 1
            known[each] = number
    return known


def next_numbers(con: duckdb.DuckDBPyConnection, generation: str) -> tuple[int, dict[int, int]]:
    """(next batch_no, list_id → highest sequence that this generation used)."""
    number = con.execute(
        f"select coalesce(max(batch_no), 0) + 1 from {LEDGER}.activation_batches"
    ).fetchall()[0][0]
    rows = con.execute(
        f"select list_id, max(sequence) from {LEDGER}.activation_batches where generation = ? group by list_id",
        [generation],
    ).fetchall()
    return number, dict(rows)


def pending_files(con: duckdb.DuckDBPyConnection, ledger: str = LEDGER) -> dict[str, dict[str, Waiting]]:
    """Folder → file → batch id and hash, of all that waits for an answer."""
    found: dict[str, dict[str, Waiting]] = {}
    for batch_id, file, sha256 in con.execute(
        f"select batch_id, file_name, sha256 from {ledger}.activation_batches where status = 'pending'"
    ).fetchall():
        found.setdefault(str(PurePosixPath(batch_id).parent), {})[file] = Waiting(batch_id, sha256)
    return found


def offered_files(
    con: duckdb.DuckDBPyConnection, destinations: Destinations, ledger: str = LEDGER
) -> Pending:
    """Of what waits, the files that stand in their folders: removals always, additions while their destination can be written to.

    Where it cannot, nobody works out who withdrew; the batches wait in state, and come back under their ids with it.
    """
    found = {}
    for folder, files in pending_files(con, ledger).items():
        destination, audience, _ = folder.split("/")
        can_write = destinations.can_write(destination, audience)
        kept = {file: batch for file, batch in files.items() if can_write or file.startswith("remove-")}
        if kept:
            found[folder] = kept
    return found


def unwritable(con: duckdb.DuckDBPyConnection, destinations: Destinations) -> list[str]:
    """In words: destinations that hold people's keys and cannot be written to."""
    rows = con.execute(
        f"select distinct destination, audience from {LEDGER}.activation_lists semi join {LEDGER}.activation_entries using (list_id) order by all"
    ).fetchall()
    names = dict.fromkeys(name for name, audience in rows if not destinations.can_write(name, audience))
    return [
        f"the destination {name} {'takes conversions now' if name in destinations.known else 'is gone or cannot be read'}: "
        "its lists stay as they are, nobody is added, and nobody who withdrew is removed there; bring its YAML back, "
        "or empty the lists at the platform and answer with `deleted`"
        for name in names
    ]


def start_changes(con: duckdb.DuckDBPyConnection) -> None:
    """Temporary tables that gather what one run changes, over all destinations."""
    con.execute(
        "create or replace temp table changes (list_id integer, key_id bigint, field varchar, add_batch integer, remove_batch integer, "
        "customer_no integer)"
    )
    con.execute("create or replace temp table all_superseded (batch_no integer)")


def gather(con: duckdb.DuckDBPyConnection, folders: Sequence[Folder]) -> None:
    """Take the destination's todo, with the batches that it became, into the run's changes."""
    rows = [
        (b.part.list_id, b.part.operation, b.part.field or "", b.part.chunk, b.batch_no)
        for folder in folders
        for b in folder.batches
    ]
    con.execute("insert into all_superseded select batch_no from superseded")
    if not rows:
        return
    con.execute(
        "create or replace temp table batches_now (list_id integer, operation varchar, part varchar, chunk integer, batch_no integer)"
    )
    insert_rows(con, "batches_now", rows)
    con.execute(
        "insert into changes select t.list_id, t.key_id, t.field, b.batch_no, null, t.customer_no from todo as t "
        "join batches_now as b using (list_id, operation, part, chunk) where t.operation <> 'remove'"
    )
    con.execute(
        "insert into changes select r.list_id, r.key_id, r.field, r.add_batch, b.batch_no, null from to_remove as r "
        "left join todo as t on r.list_id = t.list_id and r.key_id = t.key_id and t.operation = 'remove' "
        "join batches_now as b on b.list_id = r.list_id and (b.operation = 'replace' and b.chunk = 0 "
        "or b.operation = 'remove' and b.part = t.part and b.chunk = t.chunk)"
    )


def commit(
    con: duckdb.DuckDBPyConnection,
    ids: dict[tuple[str, str], int],
    folders: Sequence[Folder],
    lists: Sequence[List],
    messages: Sequence[int],
    generation: str,
    as_of: date,
) -> None:
    """Take the run's proposals into the ledger, inside the caller's transaction. `messages`: lists that reserve contact."""
    known = {row[0] for row in con.execute(f"select list_id from {LEDGER}.activation_lists").fetchall()}
    new = [(number, *pair) for pair, number in ids.items() if number not in known]
    insert_rows(con, f"{LEDGER}.activation_lists", new)
    con.execute(
        f"insert into {LEDGER}.activation_keys select key_id, contact_type, platform_key from keys_now "
        "where is_new and key_id in (select key_id from changes) order by key_id"
    )
    _supersede(con, as_of)
    _write_batches(con, folders, generation, as_of)
    con.execute(
        f"delete from {LEDGER}.activation_entries as e using changes as c where e.list_id = c.list_id and e.key_id = c.key_id"
    )
    con.execute(
        f"insert into {LEDGER}.activation_entries select list_id, key_id, field, add_batch, remove_batch from changes order by list_id, key_id"
    )
    con.execute(
        f"insert into {LEDGER}.activation_key_customers select distinct f.key_id, c.customer_id from ("
        "select distinct key_id from changes where remove_batch is null) as x join form_keys as f using (key_id) "
        "join holders as h using (contact_no) join marts.customers as c on c.rowid = h.customer_no "
        f"anti join {LEDGER}.activation_key_customers as k on k.key_id = f.key_id and k.customer_id = c.customer_id"
    )
    listed = ", ".join(map(str, messages)) or "-1"
    con.execute(
        f"insert into {LEDGER}.activation_contacts select distinct c.customer_id, x.list_id, x.add_batch, $as_of from changes as x "
        "join marts.customers as c on c.rowid = x.customer_no "
        f"where x.remove_batch is null and x.list_id in ({listed})",
        {"as_of": as_of},
    )
    _write_counts(con, lists, generation)
    _give_back(con)


def _give_back(con: duckdb.DuckDBPyConnection) -> None:
    """Keys of erased people that somebody else has come to have are his from now on."""
    con.execute(
        f"create or replace temp table given_back as select distinct k.key_id, c.customer_id from {LEDGER}.activation_keys as k "
        "join form_keys using (key_id) join holders using (contact_no) join marts.customers as c on c.rowid = customer_no "
        f"where k.platform_key = '{AWAY}'"
    )
    con.execute(
        f"insert into {LEDGER}.activation_key_customers from given_back anti join {LEDGER}.activation_key_customers using (key_id, customer_id)"
    )
    con.execute(
        f"update {LEDGER}.activation_keys as k set platform_key = n.platform_key from keys_now as n "
        "where k.key_id = n.key_id and k.key_id in (select key_id from given_back)"
    )


def _supersede(con: duckdb.DuckDBPyConnection, as_of: date) -> None:
    con.execute(
        f"insert into {LEDGER}.activation_superseded_keys select add_batch, key_id, field from {LEDGER}.activation_entries "
        "where add_batch in (select batch_no from all_superseded) and remove_batch is null "
        f"union all select remove_batch, key_id, field from {LEDGER}.activation_entries where remove_batch in (select batch_no from all_superseded)"
    )
    con.execute(
        f"update {LEDGER}.activation_batches set status = 'superseded', answered_on = $as_of "
        "where batch_no in (select batch_no from all_superseded)",
        {"as_of": as_of},
    )


def _write_batches(
    con: duckdb.DuckDBPyConnection, folders: Sequence[Folder], generation: str, as_of: date
) -> None:
    rows = [
        (b.batch_no, b.batch_id, b.part.list_id, b.part.operation, b.part.field, generation, folder.sequence, b.file_name,
         b.sha256, b.size_bytes, b.part.row_count, as_of, b.part.upload_before, "pending", None, None, None)
        for folder in folders for b in folder.batches
    ]  # fmt: skip
    insert_rows(con, f"{LEDGER}.activation_batches", rows)


def _write_counts(con: duckdb.DuckDBPyConnection, lists: Sequence[List], generation: str) -> None:
    rows = [
        (each.list_id, generation, place, step.name, step.left if place == 0 else step.left_out)
        for each in lists
        for place, step in enumerate(each.steps)
    ]
    rows += [(each.list_id, generation, 1000, "member", each.member_count) for each in lists]
    rows += [(each.list_id, generation, 1001, "normalises to nothing", each.dropped) for each in lists]
    rows += [
        (each.list_id, generation, NOTES + place, note, 0)
        for each in lists
        for place, note in enumerate(each.notes)
    ]
    listed = ", ".join(str(each.list_id) for each in lists) or "-1"
    con.execute(f"delete from {LEDGER}.activation_counts where list_id in ({listed})")
    insert_rows(con, f"{LEDGER}.activation_counts", rows)


def insert_rows(con: duckdb.DuckDBPyConnection, table: str, rows: Sequence[tuple[object, ...]]) -> None:
    """Insert rows by position in one statement."""
    if rows:
        columns = {f"c{number}": list(values) for number, values in enumerate(zip(*rows, strict=True))}
        with given(con, "rows_to_insert", pa.table(columns)):
            con.execute(f"insert into {table} select * from rows_to_insert")


def roll_back(con: duckdb.DuckDBPyConnection) -> None:
    """End a transaction that an error left open: nothing can be detached before, and the error would be hidden."""
    with suppress(duckdb.Error):
        con.begin()
    con.rollback()
