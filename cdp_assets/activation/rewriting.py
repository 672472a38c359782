"""Pending batches whose file is written again under the same batch id: it was lost, or, of letters, somebody in it may not get one any more.

A batch id is what an uploader carries out once. A list of an audience forgives a second addition, so that a batch of it is superseded and its rest proposed
anew; a letter that goes out twice is read twice. So the rest of a batch of letters waits on under its id, and who left it is removed by a file of its own.
What its file was before is kept as a hash: an answer that names it says that it went out as it was. Files are written beside, and shown once state knows them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from itertools import groupby
from pathlib import PurePosixPath
from typing import Any

import duckdb

from cdp_assets.activation.destination import Destination, Destinations
from cdp_assets.activation.files import MANIFEST, REWRITING, Part, folder_of, put_back, render
from cdp_assets.activation.ledger import insert_rows
from cdp_assets.activation.proposals import Run, attribute_join, facts_of
from cdp_assets.activation.published_file import CONTACT_SCHEMA, PublishedFile
from cdp_assets.activation.reach import LEDGER
from cdp_assets.activation.rendering import used_attributes
from cdp_assets.activation.vault import KNOWN
from cdp_assets.private_files import write_private


@dataclass(frozen=True)
class Pending:
    """One pending batch, as the ledger has it."""

    batch_no: int
    batch_id: str
    list_id: int
    operation: str
    field: str | None
    file_name: str
    row_count: int
    sha256: str
    generation: str
    sequence: int
    upload_before: date | None

    @property
    def folder(self) -> str:
        return str(PurePosixPath(self.batch_id).parent)

    def said(self) -> dict[str, Any]:
        """What a manifest says of it."""
        return {
            "batch": self.batch_id,
            "file": self.file_name,
            "operation": self.operation,
            "identifier": self.field,
            "rows": self.row_count,
            "sha256": self.sha256,
            "upload_before": str(self.upload_before) if self.upload_before else None,
            "waits": True,
        }


def start(con: duckdb.DuckDBPyConnection) -> None:
    """lost_letters (batch_no) wait for their rest to be worked out; rewritten gathers what was written again."""
    con.execute("create or replace temp table lost_letters (batch_no integer)")
    con.execute(
        "create or replace temp table rewritten (batch_no integer, sha256 varchar, size_bytes bigint, row_count bigint, upload_before date)"
    )


def put_back_lost(
    published: PublishedFile,
    run: Run,
    destinations: Destinations,
    ids: dict[tuple[str, str], int],
    missing: Sequence[str],
) -> int:
    """Write pending files anew that are gone, if they come out byte-equal; letters wait for their rest, others are superseded and proposed again."""
    con = published.con
    names = {number: pair for pair, number in ids.items()}
    back = []
    for batch in _pending(con, "list_contains(?, batch_id)", [list(missing)]):
        pair = names[batch.list_id]
        if not destinations.can_write(*pair):
            continue
        content = _content_again(published, destinations.known[pair[0]], pair[1], batch)
        if content is not None and hashlib.sha256(content).hexdigest() == batch.sha256:
            put_back(run.settings, batch.batch_id, batch.file_name, content)
            back.append(batch)
        elif destinations.known[pair[0]].kind == "message" and batch.operation == "add":
            con.execute("insert into lost_letters values (?)", [batch.batch_no])
        else:
            _supersede(con, batch.batch_no, run.as_of)
    for folder, its in _by_folder(back):
        name, audience = names[its[0].list_id]
        text = _manifest(con, run, destinations.known[name], name, audience, its)
        write_private(folder_of(run.settings) / folder / MANIFEST, text)
    return len(back)


def rewrite(
    con: duckdb.DuckDBPyConnection, run: Run, name: str, destination: Destination, names: dict[int, str]
) -> int:
    """Write the rest of every batch in `rewritten_now` beside, under its id; returns how many. `names`: list_id → audience."""
    batches = _pending(con, "batch_no in (select batch_no from rewritten_now)", [])
    if not batches:
        return 0
    people, join = attribute_join(destination, CONTACT_SCHEMA)
    part = "''" if destination.file.together else "e.field"
    con.execute(
        f"create or replace temp table todo as select n.*{people} from (select e.list_id, 'add' as operation, {part} as part, e.add_batch as chunk, e.field, "
        "e.key_id, k.platform_key, e.customer_no, e.ends_on from unlike as e "
        f"join {KNOWN} as k on e.key_id = k.key_id where e.is_desired and e.stands = 'waiting' "
        f"and e.add_batch in (select batch_no from rewritten_now)) as n{join}"
    )
    counted = {
        row[0]: (row[1], row[2])
        for row in con.execute("select chunk, count(*), min(ends_on) from todo group by chunk").fetchall()
    }
    place, done = folder_of(run.settings) / REWRITING, []
    for (list_id, field), its in groupby(batches, key=lambda each: (each.list_id, each.field)):
        of_file = list(its)
        parts = [Part(list_id, "add", field, each.batch_no, *counted[each.batch_no]) for each in of_file]
        listed = destination.lists.get(names[list_id], names[list_id])
        contents = render(con, destination, {list_id: listed}, parts)
        for batch, (made, content) in zip(of_file, contents, strict=True):
            (place / batch.folder).mkdir(parents=True, exist_ok=True, mode=0o700)
            write_private(place / batch.folder / batch.file_name, content, is_synced=False)
            digest = hashlib.sha256(content).hexdigest()
            now = replace(batch, sha256=digest, row_count=made.row_count, upload_before=made.upload_before)
            done.append((now, len(content)))
    insert_rows(
        con,
        "rewritten",
        [(each.batch_no, each.sha256, size, each.row_count, each.upload_before) for each, size in done],
    )
    for folder, of_folder in _by_folder([each for each, _ in done]):
        text = _manifest(con, run, destination, name, names[of_folder[0].list_id], of_folder)
        write_private(place / folder / MANIFEST, text, is_synced=False)
    return len(done)


def keep(con: duckdb.DuckDBPyConnection) -> None:
    """Take what was written again into the ledger, inside the run's transaction: before its changes to entries."""
    con.execute(
        f"insert into {LEDGER}.activation_former_files select b.batch_no, b.sha256 from {LEDGER}.activation_batches as b "
        "join rewritten as r using (batch_no) where b.sha256 <> r.sha256"
    )
    con.execute(
        f"insert into {LEDGER}.activation_superseded_keys select e.add_batch, e.key_id, e.field from {LEDGER}.activation_entries as e "
        "join changes as c on e.list_id = c.list_id and e.key_id = c.key_id "
        "where c.remove_batch is not null and e.remove_batch is null and e.add_batch in (select batch_no from rewritten)"
    )
    con.execute(
        f"update {LEDGER}.activation_batches as b set sha256 = r.sha256, size_bytes = r.size_bytes, row_count = r.row_count, upload_before = r.upload_before "
        "from rewritten as r where b.batch_no = r.batch_no"
    )


def _by_folder(batches: Sequence[Pending]) -> list[tuple[str, list[Pending]]]:
    """Batches by the proposal that they belong to."""
    found: dict[str, list[Pending]] = {}
    for each in batches:
        found.setdefault(each.folder, []).append(each)
    return sorted(found.items())


def _pending(con: duckdb.DuckDBPyConnection, where: str, values: list[object]) -> list[Pending]:
    rows = con.execute(
        "select batch_no, batch_id, list_id, operation, field, file_name, row_count, sha256, generation, sequence, upload_before "
        f"from {LEDGER}.activation_batches where status = 'pending' and {where} order by list_id, field, batch_no",
        values,
    ).fetchall()
    return [Pending(*row) for row in rows]


def _supersede(con: duckdb.DuckDBPyConnection, batch_no: int, as_of: date) -> None:
    con.execute(
        f"insert into {LEDGER}.activation_superseded_keys select batch_no, key_id, field from ("
        f"select add_batch as batch_no, key_id, field from {LEDGER}.activation_entries where remove_batch is null "
        f"union all select remove_batch, key_id, field from {LEDGER}.activation_entries) where batch_no = ?",
        [batch_no],
    )
    con.execute(
        f"update {LEDGER}.activation_batches set status = 'superseded', answered_on = ?, note = 'its file was lost' where batch_no = ?",
        [as_of, batch_no],
    )


def _content_again(
    published: PublishedFile, destination: Destination, audience: str, batch: Pending
) -> bytes | None:
    """The bytes of a pending batch from the ledger; None where its rows said more than their keys."""
    if used_attributes(destination) or destination.kind == "conversion":
        return None
    which = "e.remove_batch" if batch.operation == "remove" else "e.remove_batch is null and e.add_batch"
    published.con.execute(
        "create or replace temp table todo as select e.list_id, $operation as operation, coalesce($part, '') as part, 0 as chunk, e.field, e.key_id, "
        f"k.platform_key from {LEDGER}.activation_entries as e join {KNOWN} as k using (key_id) where {which} = $batch_no",
        {"operation": batch.operation, "part": batch.field, "batch_no": batch.batch_no},
    )
    made = Part(batch.list_id, batch.operation, batch.field, 0, batch.row_count, None)
    listed = destination.lists.get(audience, audience)
    return next(content for _, content in render(published.con, destination, {batch.list_id: listed}, [made]))


def _manifest(
    con: duckdb.DuckDBPyConnection,
    run: Run,
    destination: Destination,
    name: str,
    audience: str,
    now: Sequence[Pending],
) -> bytes:
    """A manifest of what waits of one proposal; `now`: batches of it as they are from now on, in place of what the ledger says."""
    first = now[0]
    changed = {each.batch_no: each for each in now}
    waiting = _pending(
        con,
        "list_id = ? and generation = ? and sequence = ?",
        [first.list_id, first.generation, first.sequence],
    )
    facts = facts_of(
        replace(run, generation=first.generation), destination, name, audience, first.sequence, None
    )
    for counted in ("members", "steps", "identifiers_that_normalise_to_nothing"):
        del facts[counted]
    facts["notes"] = ["files of it were written again"]
    batches = []
    for batch in sorted(waiting, key=lambda each: each.batch_no):
        former = con.execute(
            f"select sha256 from {LEDGER}.activation_former_files where batch_no = ?", [batch.batch_no]
        ).fetchall()
        found = changed.get(batch.batch_no, batch)
        digests = [row[0] for row in former] + ([batch.sha256] if found.sha256 != batch.sha256 else [])
        batches.append(found.said() | {"former_sha256": digests})
    return (json.dumps({**facts, "batches": batches}, ensure_ascii=False, indent=1) + "\n").encode()
