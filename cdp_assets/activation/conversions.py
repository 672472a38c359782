"""Conversions back to platforms: net orders after the return window, with consent for measurement, each once, and what refunds changed since.

An event is proposed when its return window has passed; one that is older than the platform takes is dropped and counted before batching, since one such event fails Meta's
whole request. Destinations of the project are in force, shipped ones are examples. What is acknowledged is never proposed again.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from datetime import date
from typing import Any

import duckdb

from cdp_assets.activation.audience import Audience, Purchases, Rule
from cdp_assets.activation.destination import CONVERSIONS, Destination, Event
from cdp_assets.activation.files import Folder, Part, note, write, write_manifest
from cdp_assets.activation.lists import Chosen, List
from cdp_assets.activation.reach import LEDGER, Reach, dropped_contacts, granted_contacts, reachable_keys
from cdp_assets.activation.rendering import filled, packed
from cdp_assets.activation.waterfall import Step
from cdp_assets.settings import Settings
from cdp_assets.sql_text import escaped, from_file

STEPS = ("too old", "in the return window", "anonymous", "returned", "consent", "proposed before")
AT_MOST = 5  # identifiers of one event, as Google takes them


def start(con: duckdb.DuckDBPyConnection) -> None:
    """events_now gathers what a run proposes: one row per destination, event and kind."""
    con.execute(
        "create or replace temp table events_now (destination varchar, event_id varchar, customer_id varchar, kind varchar, "
        "net_amount decimal(18, 2), batch_no integer)"
    )


def stage(reach: Reach, name: str, destination: Destination, list_id: int) -> tuple[List, list[Part]]:
    """Fill event_todo (event_id, customer_no, kind, …, place, chunk) and say which files it makes.

    Pending batches that hold an event which must not go any more (no consent, too old, another amount) are put into `superseded`; their other events go again.
    """
    con, event = reach.con, destination.event
    assert event is not None
    granted = granted_contacts(reach, destination.purposes, destination.regions.cross_border_for)
    keys = reachable_keys(reach, destination, granted)
    dropped = con.execute(
        f"select count(*) from {dropped_contacts(reach, destination, granted)} as d"
    ).fetchall()[0][0]
    con.execute(f"create or replace temp table event_people as {_people_sql(destination, keys)}")
    con.execute(f"create or replace temp table staged_events as {_staged_sql(name, reach.as_of, event)}")
    _supersede(con, name)
    con.execute(
        "create or replace temp table event_todo as select s.*, p.* exclude (customer_no), "
        f"((row_number() over (partition by s.kind order by s.event_id) - 1) // {destination.batch_size})::integer as chunk "
        "from staged_events as s join event_people as p using (customer_no) where s.step = 0 "
        "or s.step = 6 and s.batch_no in (select batch_no from superseded)"
    )
    counted = dict(
        con.execute("select step, count(*) from staged_events where kind = 'event' group by step").fetchall()
    )
    left = sum(counted.values())
    steps = [Step("all", 0, left)]
    for number, step in enumerate(STEPS, start=1):
        left -= counted.get(number, 0)
        if counted.get(number, 0):
            steps.append(Step(step, counted[number], left))
    rows = con.execute(
        "select kind, chunk, count(*), min(ends_on) from event_todo group by all order by kind desc, chunk"
    ).fetchall()
    parts = [Part(list_id, row[0], None, row[1], row[2], row[3]) for row in rows]
    return List(list_id, name, _as_chosen(destination), "", steps, left, dropped), parts


def propose(
    con: duckdb.DuckDBPyConnection,
    settings: Settings,
    destination: Destination,
    folder: Folder,
    parts: list[Part],
    as_of: date,
    batch_no: int,
) -> int:
    """Write the files of one destination's events; returns the next free batch_no."""
    first = batch_no
    for part, content in _contents(con, destination, parts, as_of):
        write(settings, folder, note(folder, destination, part, batch_no), content)
        batch_no += 1
    write_manifest(settings, folder)
    for number, part in enumerate(parts, start=first):
        con.execute(
            f"insert into events_now select ?, t.event_id, t.customer_id, t.kind, t.net_amount, {number} from event_todo as t "
            "where t.kind = ? and t.chunk = ?",
            [folder.destination, part.operation, part.chunk],
        )
    con.execute("insert into all_superseded select batch_no from superseded")
    return batch_no


def keep(con: duckdb.DuckDBPyConnection) -> None:
    """Take a run's events into state, inside its transaction; those of superseded batches are forgotten: they go again."""
    con.execute(
        f"delete from {LEDGER}.activation_events where batch_no in (select batch_no from all_superseded) "
        f"or batch_no in (select batch_no from {LEDGER}.activation_batches where status in ('superseded', 'refused'))"
    )
    con.execute(f"insert into {LEDGER}.activation_events select * from events_now order by all")


def _staged_sql(name: str, as_of: date, event: Event) -> str:
    """Every order that is a conversion, and the step that leaves it out; and acknowledged events whose amount changed since."""
    return from_file(
        __name__,
        "staged_events",
        ledger=LEDGER,
        quoted_name=escaped(name),
        as_of=as_of,
        max_event_age_days=event.max_event_age_days,
        return_window_days=event.return_window_days,
        takes_adjustments=event.takes_adjustments,
    )


def _supersede(con: duckdb.DuckDBPyConnection, name: str) -> None:
    """Pending batches with an event that may not go any more (too old by now, returned, its consent gone, or its customer) or is worth another amount.

    An adjustment waits on whatever its age: the event that it restates is there.
    """
    con.execute(
        "create or replace temp table superseded as select distinct e.batch_no "
        f"from {LEDGER}.activation_events as e join {LEDGER}.activation_batches as b using (batch_no) "
        "left join staged_events as s on s.event_id = e.event_id and s.kind = 'event' "
        "left join event_people as p using (customer_no) where e.destination = $name and b.status = 'pending' and case e.kind "
        "when 'event' then coalesce(s.step, 5) <> 6 or s.net_amount <> e.net_amount else p.customer_no is null end",
        {"name": name},
    )


def _people_sql(destination: Destination, keys: str) -> str:
    """One row per customer with a key: identifiers (JSON list of {field: key}), ends_on, and keys_<n>, a JSON list per identifier."""
    whens = " ".join(
        f"when {number} then '{json.dumps(identifier.field)[1:-1]}'"
        for number, identifier in enumerate(destination.identifiers)
    )
    lists = "".join(
        f", '[' || coalesce(string_agg(to_json(platform_key)::varchar, ',' order by key_id) filter (where field_no = {number}), '') || ']' as keys_{number}"
        for number, _ in enumerate(destination.identifiers)
    )
    return (
        "select customer_no, min(ends_on) as ends_on, '[' || string_agg('{\"' || field || '\":' || to_json(platform_key)::varchar || '}', ',' "
        f"order by field_no, key_id) filter (where rank <= {AT_MOST}) || ']' as identifiers{lists} from ("
        f"select r.customer_no, r.key_id, r.field_no, r.ends_on, k.platform_key, case r.field_no {whens} end as field, "
        "row_number() over (partition by r.customer_no order by r.field_no, r.key_id) as rank from ("
        f"select customer_no, key_id, field_no, max(ends_on) as ends_on from {keys} group by all) as r "
        "join keys_now as k using (key_id)) as ranked group by customer_no"
    )


def _contents(
    con: duckdb.DuckDBPyConnection, destination: Destination, parts: list[Part], as_of: date
) -> Iterator[tuple[Part, bytes]]:
    event = destination.event
    assert event is not None
    for part in parts:
        is_event = part.operation == "event"
        body = destination.file.body if is_event else event.adjustment_body
        row = destination.file.row if is_event else event.adjustment_row
        retracted = row if is_event or event.retraction_row is None else event.retraction_row
        values = {
            "event_name": event.name,
            "consents": destination.consent_fields,
            "list": destination.lists.get(CONVERSIONS, CONVERSIONS),
            "adjusted_at": f"{as_of} 12:00:00+00:00",
        }
        lines = con.execute(
            f"select case when net_amount > 0 then {event_sql(filled(row, values), destination)} "
            f"else {event_sql(filled(retracted, values), destination)} end from event_todo where kind = ? and chunk = ? order by event_id",
            [part.operation, part.chunk],
        ).fetchall()
        text = json.dumps(filled(body, values), ensure_ascii=False, separators=(",", ":"))
        head, tail = text.split('"$rows"')
        content = f"{head}[{','.join(line[0] for line in lines)}]{tail}\n".encode()
        yield (
            part,
            packed(content, destination.file.compress, f"{part.operation}.{destination.file.extension}"),
        )


def event_sql(template: Any, destination: Destination) -> str:
    """SQL text of an event's JSON: $event_id, $order_id, $event_time (ISO 8601), $epoch, $value, $currency, $adjustment, $adjusted_at, $identifiers, $keys:FIELD."""
    columns = {
        "event_id": "to_json(event_id)::varchar",
        "order_id": "to_json(order_id)::varchar",
        "event_time": "'\"' || strftime(ordered_at, '%Y-%m-%dT%H:%M:%SZ') || '\"'",
        "epoch": "epoch(ordered_at)::bigint::varchar",
        "value": "net_amount::varchar",
        "currency": "to_json(currency)::varchar",
        "adjustment": "case when net_amount > 0 then '\"RESTATEMENT\"' else '\"RETRACTION\"' end",
        "identifiers": "identifiers",
    }
    columns |= {f"keys:{each.field}": f"keys_{number}" for number, each in enumerate(destination.identifiers)}
    text = json.dumps(template, ensure_ascii=False, separators=(",", ":"))
    parts, end = [], 0
    for found in re.finditer(r'"\$([a-z_]+(?::[^"]+)?)"', text):
        if found[1] in columns:
            literal = escaped(text[end : found.start()])
            parts += [f"'{literal}'", columns[found[1]]]
            end = found.end()
    rest = escaped(text[end:])
    return " || ".join([*parts, f"'{rest}'"])


def _as_chosen(destination: Destination) -> Chosen:
    purpose = destination.consents[0].purpose
    return Chosen(
        CONVERSIONS,
        Audience(title=destination.title, purpose=purpose, who=Rule(purchases=Purchases())),
        "",
        (),
        {},
    )
