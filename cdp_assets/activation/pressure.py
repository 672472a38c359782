"""Contact pressure: how often letters and messages reached a customer lately, and whom an audience's cap leaves out for it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import duckdb

from cdp_assets.activation.audience import Audience
from cdp_assets.activation.destination import Destinations
from cdp_assets.activation.published_file import PublishedFile
from cdp_assets.activation.reach import LEDGER


def load_pressure(con: duckdb.DuckDBPyConnection, as_of: date, waiting_days: dict[int, int]) -> None:
    """pressure (customer_no, list_id, reserved_on): contacts that count. Released are those of batches that were superseded unanswered, of
    refused keys' customers, and of batches that nobody answered for `waiting_days` (list_id → days): those are in `unanswered` (customer_no,
    list_id). A merge hands contacts on.
    """
    con.execute("create or replace temp table waits (list_id integer, days integer)")
    if waiting_days:
        con.executemany("insert into waits values (?, ?)", list(waiting_days.items()))
    con.execute(
        "create or replace temp table reserved as select c.rowid::integer as customer_no, a.list_id, a.reserved_on, "
        "bool_or(n.outcome = 'refused') as is_refused, "
        "b.status in ('superseded', 'refused') and not coalesce(bool_or(n.outcome = 'accepted'), false) as is_released, "
        "b.status = 'pending' and b.proposed_on + coalesce(w.days, 14) < $as_of and not coalesce(bool_or(n.outcome = 'accepted'), false) as is_unanswered "
        f"from {LEDGER}.activation_contacts as a "
        f"join {LEDGER}.activation_batches as b using (batch_no) left join waits as w on a.list_id = w.list_id "
        "left join (select other_customer_id as customer_id, any_value(customer_id) as survivor from marts.customer_id_events "
        "where event = 'merged' group by other_customer_id) as e on a.customer_id = e.customer_id "
        "join marts.customers as c on c.customer_id = coalesce(e.survivor, a.customer_id) "
        f"left join (select n.batch_no, k.customer_id, n.outcome from {LEDGER}.activation_answers as n "
        f"join {LEDGER}.activation_key_customers as k using (key_id)) as n on n.batch_no = a.batch_no and n.customer_id = a.customer_id "
        "group by c.rowid, a.list_id, a.reserved_on, a.batch_no, b.status, b.proposed_on, w.days",
        {"as_of": as_of},
    )
    con.execute(
        "create or replace temp table unanswered as select distinct customer_no, list_id from reserved where is_unanswered"
    )
    con.execute(
        "create or replace temp table pressure as select customer_no, list_id, max(reserved_on) as reserved_on from reserved "
        "where not is_released and not is_unanswered and not coalesce(is_refused, false) group by all"
    )


def pressed(audience: Audience, own_lists: Sequence[int], as_of: date) -> str:
    """SQL of customers (customer_no) whom other lists of messages than its own reached as often as the cap allows, in its window."""
    cap = audience.contact_cap
    assert cap is not None
    listed = ", ".join(map(str, own_lists)) or "-1"
    return (
        f"select customer_no from pressure where list_id not in ({listed}) and reserved_on > date '{as_of}' - {cap.within_days} "
        f"group by customer_no having count(*) >= {cap.at_most}"
    )


def is_cap_idle(destinations: Destinations, audience: Audience) -> bool:
    """Whether an audience has a cap on messages, and goes to destinations none of which sends any: it leaves nobody out."""
    return (
        audience.contact_cap is not None
        and bool(audience.destinations)
        and not _messages(destinations) & set(audience.destinations)
    )


def _messages(destinations: Destinations) -> set[str]:
    return {name for name, known in destinations.known.items() if known.kind == "message"}


def capped_customers(
    published: PublishedFile, destinations: Destinations, name: str, audience: Audience
) -> str | None:
    """SQL of customers (customer_id) whom the audience's cap would leave out tonight; None where it has none, or sends no messages.

    Wants the ledger beside the published file; where state is in use it is not there, and nobody is known to be pressed.
    """
    con = published.con
    if audience.contact_cap is None or not has_ledger(con):
        return None
    messages = _messages(destinations)
    if not messages & set(audience.destinations):
        return None
    lists = con.execute(f"select list_id, destination, audience from {LEDGER}.activation_lists").fetchall()
    waiting = {row[0]: destinations.known[row[1]].proposal_days for row in lists if row[1] in messages}
    load_pressure(con, published.as_of, waiting)
    own = [row[0] for row in lists if row[2] == name]
    return (
        f"select c.customer_id from ({pressed(audience, own, published.as_of)}) as p "
        "join marts.customers as c on c.rowid = p.customer_no"
    )


def has_ledger(con: duckdb.DuckDBPyConnection) -> bool:
    """Whether state's ledger is open beside the published file."""
    catalog = LEDGER.split(".")[0]
    return bool(
        con.execute("select count(*) from duckdb_databases() where database_name = ?", [catalog]).fetchall()[
            0
        ][0]
    )
