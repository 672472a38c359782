"""The loyalty programme's own files, plain CSV: its members, whole at the end of each quarter, and the cards' scans of each month.

A scan is a member's visit to a store without a sale: the card held to the reader at the door. Whoever has no card visits unseen.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cdp_assets.demo.baskets import CLOSES, OPENS
from cdp_assets.demo.consents import Word, keep_changes
from cdp_assets.demo.inbox import MONTHS, QUARTERS, Inbox, month_end

if TYPE_CHECKING:
    import duckdb

    from cdp_assets.demo.parameters import Parameters


def create_scans(con: duckdb.DuckDBPyConnection) -> None:
    """Create `scans` (scan_id, member_id, person_no, local_at, store): the members' store visits, in opening hours.

    A visit that the journey puts at night was in the daytime before it, so that it stays ahead of what it led to.
    """
    con.execute(
        f"""
        create or replace temp table scans as
        with visits as (
            select touch, person_no, eastern(at_utc) as wished_at from touches where marketing_channel = 'store'
        ),
        opened as (
            select
                touch,
                person_no,
                wished_at - to_hours(case when hour(wished_at) < {OPENS} then 10
                    when hour(wished_at) >= {CLOSES} then 4 else 0 end) as local_at,
            from visits
        )
        select
            'SC' || upper(substr(md5('scan ' || touch), 1, 12)) as scan_id,
            any_value(member_id) as member_id,
            person_no,
            local_at,
            any_value(store) as store,
        from opened
        join loyalty_members using (person_no)
        where local_at >= timestamp '2017-01-01' and eastern(joined_at) <= local_at
        group by touch, person_no, local_at
        """
    )


def _form(parameters: Parameters) -> Word:
    """What the member's form says of marketing."""
    rate = parameters.traps["consents"]["form_says_otherwise"]
    return Word(
        "u('card marketing', person_no) < 0.55",
        "form says",
        rate,
        "loyalty_members",
        "joined_at",
        "record",
        "member_id",
    )


def write(con: duckdb.DuckDBPyConnection, inbox: Inbox, parameters: Parameters) -> None:
    """Append the batch's members to one snapshot per quarter, and their scans to one file per month."""
    cells = inbox.cells(
        "loyalty_members",
        {
            "member_id": "member_id",
            "full_name": "shown_name",
            "phone": "phone",
            "email": "email",
            "birth_date": "strftime(birth_date, '%Y-%m-%d')",
            "gender": "if(gender = 'F', 'female', 'male')",
            "address": "street",
            "city": "city",
            "postcode": "postcode",
            "country": "country",
            "joined_at": "strftime(joined_at, '%Y-%m-%d %H:%M:%S')",
            "marketing_consent": "marketing_consent",
            "profiling_consent": "if(u('card profiling', person_no) < 0.92, 'yes', 'no')",
            "home_store": "store",
            "document_number": "document",
        },
    )
    form = _form(parameters)
    for year, month in QUARTERS:
        day = month_end(year, month)
        inbox.append(
            ("loyalty", "members"),
            f"members_{day}.csv",
            f"select {cells} from (select *, if({form.at(month)}, 'yes', 'no') as marketing_consent from loyalty_members) "
            f"where joined_at < date '{day}' + 1 order by joined_at, member_id",
        )
    keep_changes(con, form)
    _write_contacts(con, inbox)
    write_consents(inbox)
    create_scans(con)
    scan_cells = inbox.cells(
        "loyalty_scans",
        {
            "scan_id": "scan_id",
            "member_id": "member_id",
            "scanned_at": "strftime(local_at, '%Y-%m-%d %H:%M:%S')",
            "store": "store",
        },
    )
    for year, month in MONTHS:
        inbox.append(
            ("loyalty", "scans"),
            f"scans_{month_end(year, month)}.csv",
            f"select {scan_cells} from scans where month(local_at) = {month} order by local_at, scan_id",
        )


def create_contacts(con: duckdb.DuckDBPyConnection) -> None:
    """Create `contacts` (contact_id, person_no, member_id, local_at, kind, subject): a few members are met without a sale, and buy no sooner."""
    con.execute(
        f"""
        create or replace temp table contacts as
        with kinds(kind, subject, share) as (
            values ('coupon', 'anniversary coupon', 0.10), ('group', 'recipes group', 0.06), ('service', 'question', 0.12)
        )
        select
            'LC' || upper(left(md5('contact ' || kind || member_id), 12)) as contact_id,
            person_no,
            member_id,
            kind,
            subject,
            greatest(date_trunc('day', eastern(joined_at)), timestamp '2017-01-02')
                + to_days(pick('contact day', kind || member_id, 300)::int) + to_hours({OPENS})
                + to_seconds(pick('contact at', kind || member_id, 28000)) as local_at,
        from loyalty_members, kinds
        where u('contact', kind || member_id) < share
        """
    )


def _write_contacts(con: duckdb.DuckDBPyConnection, inbox: Inbox) -> None:
    create_contacts(con)
    cells = inbox.cells(
        "loyalty_contacts",
        {
            "contact_id": "contact_id",
            "member_id": "member_id",
            "contacted_at": "strftime(local_at, '%Y-%m-%d %H:%M:%S')",
            "kind": "kind",
            "subject": "subject",
        },
    )
    for year, month in MONTHS:
        inbox.append(
            ("loyalty", "contacts"),
            f"contacts_{month_end(year, month)}.csv",
            f"select {cells} from contacts where month(local_at) = {month} and year(local_at) = {year} order by local_at, contact_id",
        )


def write_consents(inbox: Inbox) -> None:
    """Append the batch's answers to one file per quarter; what was said before the year stands in the first."""
    cells = inbox.cells(
        "loyalty_consents",
        {
            "consent_id": "'CN' || upper(substr(md5('consent ' || answer), 1, 14))",
            "member_id": "member_id",
            "contact_kind": "contact_kind",
            "contact": "contact",
            "purpose": "purpose",
            "choice": "choice",
            "legal_basis": "'consent'",
            "jurisdiction": "jurisdiction",
            "text_version": "text_version",
            "given_by": "given_by",
            "recorded_at": "strftime(at_local, '%Y-%m-%d %H:%M:%S')",
            "expires_at": "strftime(expires_local, '%Y-%m-%d %H:%M:%S')",
        },
    )
    for year, month in QUARTERS:
        inbox.append(
            ("loyalty", "consents"),
            f"consents_{month_end(year, month)}.csv",
            f"select {cells} from consent_answers "
            f"where if(year(at_local) < {year}, 3, quarter(at_local) * 3) = {month} order by at_local, answer",
        )


def records() -> str:
    """SELECT of the customer records: the members."""
    return """
        select
            'loyalty' as channel, member_id as source_customer_id, null::varchar as natural_key, person_no,
            shown_name as name, phone_key, if(is_email_blocked, null, email) as email_key, 'loyalty:'
                || member_id as link_key,
            if(is_birth_date_wrong, null, birth_date) as birth_key, street as address_key,
            case when phone is not null and phone_key is null then phone when is_email_blocked then email
                end as refused_value,
            traps
        from loyalty_members
    """


def orders() -> None:
    """None: no orders here."""
    return None


def touches() -> str:
    """SELECT of the touches: one per scan, and one per contact without a sale."""
    return """
        select 'loyalty' as channel, scan_id as touchpoint_id, person_id, 'store' as marketing_channel,
            local_at::date as touch_date
        from scans join persons using (person_no)
        union all
        select 'loyalty', contact_id, person_id, case contacts.kind when 'coupon' then 'coupon' when 'group' then 'organic_social' else 'other' end,
            local_at::date
        from contacts join persons using (person_no)
        where year(local_at) = 2017
    """
