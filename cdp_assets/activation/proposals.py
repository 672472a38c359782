"""From what differs to files: one destination's lists packed into batches, rendered and written beside, with their manifests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import duckdb

from cdp_assets.activation.destination import Destination
from cdp_assets.activation.files import Batch, Folder, Part, note, render, step_counts, write, write_manifest
from cdp_assets.activation.lists import List
from cdp_assets.activation.rendering import used_attributes
from cdp_assets.activation.vault import KNOWN
from cdp_assets.settings import Settings
from cdp_assets.sql_text import literal

WHOLE = 2**31  # rows of the one file that replaces a list: its parts would each replace the whole


@dataclass(frozen=True)
class Run:
    """What all lists of a run share. `home`: the fingerprint that answers must name."""

    settings: Settings
    generation: str
    as_of: date
    home: str


def pack(
    con: duckdb.DuckDBPyConnection, destination: Destination, contact_schema: str, changed_whole: bool
) -> list[Part]:
    """Fill todo, one row per line of a file, and say which files it makes, in order.

    todo: list_id, operation, part (the identifier of the file, or ''), chunk, field, key_id, platform_key, customer_no, ends_on, attributes.
    """
    whole = destination.mode == "replace"
    add = "'replace'" if whole else "'add'"
    rows_of_file = WHOLE if whole else destination.batch_size
    fields = [each.field for each in destination.identifiers]
    # rows are numbered before words and keys come to them: the engine sorts numbers several times as fast
    adds = (
        f"select list_id, {add} as operation, {_by_number(fields)} as field, chunk, key_id, customer_no, ends_on "
        f"from ({_chunked('to_add', _by_number([fields.index(each) for each in fields]), destination, rows_of_file)})"
    )
    removes = (
        "select list_id, 'remove' as operation, field, chunk, key_id, null::integer as customer_no, null::date as ends_on "
        f"from ({_chunked('to_remove', 'field', destination, rows_of_file)})"
    )
    people, join = attribute_join(destination, contact_schema)
    part = "''" if destination.file.together else "n.field"
    rows_with_keys = [
        f"select n.*, {part} as part, k.platform_key{people} from ({adds}) as n join keys_now as k using (key_id){join}"
    ]
    if not whole:
        rows_with_keys.append(
            f"select n.*, {part} as part, k.platform_key{people} from ({removes}) as n join {KNOWN} as k using (key_id){join}"
        )
    con.execute(f"create or replace temp table todo as {' union all '.join(rows_with_keys)}")
    rows = con.execute(
        "select list_id, operation, part, chunk, count(*), min(ends_on) from todo group by all order by all"
    ).fetchall()
    parts = [Part(row[0], row[1], row[2] or None, row[3], row[4], row[5]) for row in rows]
    if changed_whole:  # a list that is emptied is replaced by an empty file
        there = {each.list_id for each in parts}
        emptied = con.execute("select list_id from changed order by 1").fetchall()
        parts += [Part(row[0], "replace", None, 0, 0, None) for row in emptied if row[0] not in there]
    return sorted(parts, key=lambda each: (each.list_id, each.operation, each.field or "", each.chunk))


def attribute_join(destination: Destination, contact_schema: str) -> tuple[str, str]:
    """(select list, join) of what rows (n, with customer_no) say of a customer beside the key; empty where they say nothing."""
    attributes = used_attributes(destination)
    join = f" left join marts.customers as c on c.rowid = n.customer_no left join {contact_schema}.customers_contact as p on p.customer_id = c.customer_id"
    return "".join(f", p.{name}" for name in attributes), join if attributes else ""


def propose(
    con: duckdb.DuckDBPyConnection,
    run: Run,
    destination: Destination,
    lists: Sequence[List],
    gone: dict[int, tuple[str, str]],
    parts: list[Part],
    sequences: dict[int, int],
    batch_no: int,
) -> tuple[list[Folder], int]:
    """Write every file of one destination; returns its folders and the next free batch_no.

    `gone`: list_id → (destination, audience) of lists that no audience has any more: only removals.
    """
    by_id = {each.list_id: each for each in lists}
    names: dict[int, str | int] = {}
    folders: dict[int, Folder] = {}
    batches: dict[Part, Batch] = {}
    for part in parts:
        list_id = part.list_id
        if list_id not in folders:
            shown = by_id.get(list_id)
            name, audience = (shown.destination, shown.chosen.name) if shown else gone[list_id]
            sequences[list_id] = sequences.get(list_id, 0) + 1
            facts = facts_of(run, destination, name, audience, sequences[list_id], shown)
            folders[list_id] = Folder(name, audience, run.generation, sequences[list_id], facts)
            names[list_id] = destination.lists.get(audience, audience)
        batches[part] = note(folders[list_id], destination, part, batch_no)
        batch_no += 1
    for part, content in render(con, destination, names, parts):
        write(run.settings, folders[part.list_id], batches[part], content)
    for folder in folders.values():
        write_manifest(run.settings, folder)
    return list(folders.values()), batch_no


def facts_of(
    run: Run, destination: Destination, name: str, audience: str, sequence: int, shown: List | None
) -> dict[str, Any]:
    """What a manifest says beside its files: counts per reason, never a value."""
    return {
        "home": run.home,
        "destination": name,
        "audience": audience,
        "list": destination.lists.get(audience, audience),
        "generation": run.generation,
        "sequence": sequence,
        "as_of_date": str(run.as_of),
        "kind": destination.kind,
        "mode": destination.mode,
        "verified": destination.is_verified,
        "members": shown.member_count if shown else 0,
        "steps": step_counts(shown.steps) if shown else [],
        "identifiers_that_normalise_to_nothing": shown.dropped if shown else 0,
        "notes": list(shown.notes) if shown else ["the audience is no longer brought here"],
    }


def _chunked(table: str, kind: str, destination: Destination, rows_of_file: int) -> str:
    """SQL of a table's rows with chunk, the number of the file that a row stands in: of its list, and of its kind of identifier unless all stand together."""
    within = "list_id" if destination.file.together else f"list_id, {kind}"
    number = f"row_number() over (partition by {within} order by key_id)"
    return f"select *, (({number} - 1) // {rows_of_file})::integer as chunk from {table}"


def _by_number(values: Sequence[str | int]) -> str:
    """SQL of what belongs to an identifier's field_no."""
    whens = " ".join(
        f"when {number} then {literal(value) if isinstance(value, str) else value}"
        for number, value in enumerate(values)
    )
    return f"case field_no {whens} end"
