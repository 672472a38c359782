"""Mailchimp: the audience export, one file of subscribed and one of unsubscribed contacts, twice a year.

Quirks kept: only names with blanks in the header are quoted, naive timestamps, in the newer files a
TAGS column and a merge field of the shop's own before MEMBER_RATING.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cdp_assets.demo.inbox import MONTHS, Inbox, month_end
from cdp_assets.sql_text import from_file

if TYPE_CHECKING:
    import duckdb

    from cdp_assets.demo.parameters import Parameters

SNAPSHOT_MONTHS = (6, 12)
_MERGE_FIELD = "Favorite Store"
_CLOCK = "'%Y-%m-%d %H:%M:%S'"


def _cells(*, is_out: bool) -> dict[str, str]:
    cells = {
        "Email Address": "email",
        "First Name": "shown_given",
        "Last Name": "shown_family",
        "MEMBER_RATING": "1 + pick('rating', person_no, 5)",
        "OPTIN_TIME": f"strftime(opted_in_at, {_CLOCK})",
        "CONFIRM_TIME": f"if(is_unconfirmed, null, strftime(opted_in_at + to_seconds(90), {_CLOCK}))",
        "GMTOFF": "'-5'",
        "DSTOFF": "'-4'",
        "TIMEZONE": "'America/New_York'",
        "CC": "lower(country)",
        "REGION": "if(country = 'US', lower(region), null)",
        "LAST_CHANGED": f"strftime({'unsubscribed_at' if is_out else 'opted_in_at + to_seconds(90)'}, {_CLOCK})",
        "LEID": "leid",
        "EUID": "euid",
    }
    if is_out:
        cells |= {
            "UNSUB_TIME": f"strftime(unsubscribed_at, {_CLOCK})",
            "UNSUB_CAMPAIGN_TITLE": "'weekly-newsletter'",
            "UNSUB_CAMPAIGN_ID": "left(md5(strftime(unsubscribed_at, '%Y-%W')), 10)",
            "UNSUB_REASON": "if(u('reason', person_no) < 0.6, 'No longer interested', 'No reason given')",
        }
    return cells


def write(con: duckdb.DuckDBPyConnection, inbox: Inbox, parameters: Parameters) -> None:
    """Append the batch's contacts to the half-yearly snapshots, and what became of their letters to one file per month."""
    _write_activity(con, inbox)
    con.execute(
        "insert into changed_words "
        "select person_no, 'email', email, 'marketing', 'asked', opted_in_at from subscribers where is_unconfirmed"
    )
    for year, month in MONTHS:
        if month not in SNAPSHOT_MONTHS:
            continue
        day = month_end(year, month)
        until = f"date '{day}' + 1"
        is_out = f"(unsubscribed_at is not null and unsubscribed_at < {until})"
        tags = month == SNAPSHOT_MONTHS[-1]
        for part, where in (("subscribed", f"not {is_out}"), ("unsubscribed", is_out)):
            header = parameters.headers[f"mailchimp_{part}"]
            cells = inbox.cells(f"mailchimp_{part}", _cells(is_out=part == "unsubscribed"))
            if tags:
                header = header.replace(",MEMBER_RATING,", f',"{_MERGE_FIELD}",MEMBER_RATING,') + ",TAGS"
                first, last = cells.split(" as c2, ")
                cells = (
                    f"{first} as c2, if(u('favorite', person_no) < 0.2, city, null) as favorite, {last}, "
                    "if(u('tags', person_no) < 0.3, '\"newsletter\",\"vip\"', '\"newsletter\"') as tags"
                )
            inbox.append(
                ("mailchimp", "members"),
                f"{part}_members_export_{day}.csv",
                f"select {cells} from subscribers where opted_in_at < {until} and {where} order by opted_in_at, euid",
                header=header,
            )


def create_activity(con: duckdb.DuckDBPyConnection) -> None:
    """Create `letters` (activity_id, euid, person_no, campaign, action, at_utc): a letter a month, what became of it, and the clicks.

    A click is what brought a visit by e-mail; who opens a letter buys no sooner for it.
    """
    con.execute(from_file(__name__, "letters"))


def _write_activity(con: duckdb.DuckDBPyConnection, inbox: Inbox) -> None:
    create_activity(con)
    cells = inbox.cells(
        "mailchimp_activity",
        {
            "activity_id": "activity_id",
            "euid": "euid",
            "campaign_title": "campaign",
            "action": "action",
            "activity_at": f"strftime(at_utc, {_CLOCK})",
        },
    )
    for year, month in MONTHS:
        inbox.append(
            ("mailchimp", "activity"),
            f"email_activity_{month_end(year, month)}.csv",
            f"select {cells} from letters where month(at_utc) = {month} and year(at_utc) = {year} order by at_utc, activity_id",
            header="activity_id,euid,campaign_title,action,activity_at",
        )


def records() -> str:
    """SELECT of the customer records: the contacts."""
    return """
        select
            'mailchimp' as channel, euid as source_customer_id, null::varchar as natural_key, person_no,
            if(shown_family is null, null, shown_given || ' ' || shown_family) as name, null::varchar as phone_key,
            email as email_key, null::varchar as link_key, null::date as birth_key, null::varchar as address_key,
            null::varchar as refused_value, traps
        from subscribers
    """


def orders() -> None:
    """None: no orders here."""
    return None


def touches() -> str:
    """SELECT of the touches: what became of each letter."""
    return """
        select 'mailchimp' as channel, activity_id as touchpoint_id, person_id, 'email' as marketing_channel, at_utc::date as touch_date
        from letters join persons using (person_no)
    """
