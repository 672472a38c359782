"""The one search: a text read as identity reads names, phones and e-mails, looked up over every record, order and id."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import duckdb
import pandas as pd

from cdp_assets.identity.evidence.contacts import clean_email, e164
from cdp_assets.landing.contract import load_contracts
from cdp_assets.mailbox import mailbox_of
from cdp_assets.settings import Settings
from cdp_assets.web.published import CONTACT, MARTS, Published

LONGEST = 300  # characters that are read
FOUND_AT_MOST = 100
RECORDS = "records_contact"
CONTACTS = "contacts_in_clear"


@dataclass(frozen=True)
class Wanted:
    """What a text may mean. phones: E.164 in every region that a channel has; names: as identity compares and hears them."""

    text: str
    plain_id: str
    email: str | None
    phones: tuple[str, ...]
    tail: str | None
    name_exact: str | None
    name_sound: str | None


@cache
def _regions(*folders: Path) -> tuple[str, ...]:
    """ISO regions in which some channel reads its phones."""
    contracts = load_contracts(*folders)
    return tuple(
        sorted(
            {contract.facts.phone_region for contract in contracts.values() if contract.facts.phone_region}
        )
    )


def read(settings: Settings, text: str) -> Wanted:
    """The text as identity would read it. "family, given", blanks twice, 00 or a trunk 0, `#` before an order all count as one."""
    plain = " ".join(text[:LONGEST].split())
    digits = re.sub(r"\D", "", plain)
    is_phone = bool(digits) and re.fullmatch(r"[\d\s+().\-/＋０-９]+", plain) is not None
    exact, sound = (None, None) if is_phone or "@" in plain or not plain else _name(plain)
    return Wanted(
        text=plain,
        plain_id=plain.lstrip("#").strip(),
        email=clean_email(plain) if "@" in plain else None,
        phones=_phones(plain, _regions(*settings.contract_dirs)) if is_phone and len(digits) >= 6 else (),
        tail=digits if is_phone and len(digits) == 4 else None,
        name_exact=exact,
        name_sound=sound,
    )


def _phones(text: str, regions: tuple[str, ...]) -> tuple[str, ...]:
    international = "+" + text.strip()[2:] if text.strip().startswith("00") else text
    read_as = {e164(each, region) for each in (text, international) for region in (*regions, None)}
    return tuple(sorted(number for number in read_as if number))


def _name(text: str) -> tuple[str | None, str | None]:
    """The name as identity compares it and as it sounds."""
    from cdp_assets.identity.evidence.names import (
        build_name_forms,  # its dictionaries are loaded where a name is read
    )

    con = duckdb.connect()
    try:
        con.execute(
            "create temp table name_parts as select ?::varchar as name_raw, ?::varchar as full_name, null::varchar as given_name, "
            "null::varchar as family_name",
            [text, text],
        )
        build_name_forms(con)
        found = con.execute("select name_exact, name_sound from name_forms limit 1").fetchone()
    except duckdb.Error:
        return None, None
    finally:
        con.close()
    return (found[0], found[1]) if found else (None, None)


def by_id(shown: Published, wanted: Wanted) -> pd.DataFrame:
    """Customers whose id begins with the text, or of a record, an order or a retired id of exactly it: customer_id, found_by."""
    retired = (
        ""
        if shown.missing(["customer_id_events"])
        else """
            union all
            select customer_id, 'retired_id' from customer_id_events where event = 'merged' and other_customer_id = $1"""
    )
    return shown.ask(
        f"""
        select customer_id, min(found_by) as found_by
        from (
            select customer_id, 'customer_id' as found_by from customers where $1 <> '' and starts_with(customer_id, $1)
            union all
            select customer_id, 'record' from customer_crosswalk where source_customer_id = $1 or record_key = $1
            union all
            select customer_id, 'order' from orders where order_id = $1 or order_id = '#' || $1
            {retired}
        )
        where customer_id in (select customer_id from customers)
        group by customer_id
        limit {FOUND_AT_MOST + 1}
        """,
        wanted.plain_id,
    )  # fmt: skip


def by_contact(shown: Published, wanted: Wanted) -> pd.DataFrame:
    """Customers of records with that phone, e-mail, name, card or platform id, or of a contact that no record carries (a newsletter's
    address, an app's openid): customer_id, found_by. Reads the contact file."""
    beside = (
        ""
        if CONTACTS not in shown.contact_tables()
        else f"""
            union all
            select customer_id, if(contact_type = 'platform', 'platform_id', contact_type)
            from {CONTACT}.contact.{CONTACTS}
            where contact_value in ($1, $8, lower($7), $3) or list_contains($2::varchar[], contact_value)"""
    )
    return shown.ask_contact(
        f"""
        with hits as (
            select customer_id,
                case
                    when email = $8 then 'email'
                    when list_contains($2::varchar[], phone) then 'phone'
                    when loyalty_id = $3 then 'loyalty_id'
                    when platform_id = $3 then 'platform_id'
                    when name_exact = $4 then 'name'
                    when name_sound = $5 then 'name_sound'
                    when phone_tail = $6 then 'phone_tail'
                    when $4 is not null and contains(' ' || name_exact || ' ', ' ' || $4 || ' ') then 'part_of_name'
                end as found_by
            from {CONTACT}.contact.{RECORDS}
            {beside}
        )
        select customer_id, min(found_by) as found_by
        from hits
        where found_by is not null and customer_id is not null
        group by customer_id
        limit {FOUND_AT_MOST + 1}
        """,
        wanted.email,
        list(wanted.phones),
        wanted.plain_id,
        wanted.name_exact,
        wanted.name_sound,
        wanted.tail,
        wanted.text,
        wanted.email and mailbox_of(wanted.email),
    )


def listed(shown: Published, customer_ids: list[str]) -> pd.DataFrame:
    """Masked rows of some customers, the largest first. One row per customer."""
    return shown.ask(
        f"""
        select customer_id, masked_full_name, masked_phone, masked_email, channels, record_count, order_count, net_revenue, last_order_date
        from {MARTS}.marts.customers
        where customer_id in (select unnest($1::varchar[]))
        order by net_revenue desc, customer_id
        """,
        customer_ids,
    )
