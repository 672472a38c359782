"""Segment: calls of the web shop's app, one newline-delimited JSON object per call.

Quirks kept: the user id only after log-in, traits in `identify` alone, campaign under context, ISO times
with 'Z', sent and received a little later than they happened, keys that one call has and another lacks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cdp_assets.demo.inbox import QUARTERS, Inbox, month_end
from cdp_assets.sql_text import from_file

if TYPE_CHECKING:
    import duckdb

    from cdp_assets.demo.parameters import Parameters

_USES_APP = 0.25  # of web shop accounts
_OPENS = 14  # at most, per account
_CLOCK = "'%Y-%m-%dT%H:%M:%S.%gZ'"


def create_calls(con: duckdb.DuckDBPyConnection) -> None:
    """Create `app_calls`: one row per call of an app user: type, name, at_utc, is_logged_in and what it carries."""
    con.execute(from_file(__name__, "app_calls", uses_app=_USES_APP, opens=_OPENS))


def _call(kind: str, refuses: float) -> str:
    """SQL select list of one kind of call; `refuses` is the share of users whose device sends Global Privacy Control."""
    carried = {
        "track": "name as event, {'opened_from': if(is_pushed, 'push', 'icon')} as properties",
        "identify": "{'name': shown_name, 'email': email, 'phone': phone} as traits",
        "page": "name, {'title': name, 'url': 'https://app.onefold.example/offers'} as properties",
    }[kind]
    page = "null"
    if kind == "page":
        page = (
            "{'path': '/offers', 'referrer': '', 'title': name, 'url': 'https://app.onefold.example/offers'}"
        )
    return f"""
        anonymous_id as "anonymousId",
        if(is_logged_in, customer_id, null) as "userId",
        type,
        {carried},
        message_id as "messageId",
        strftime(at_utc, {_CLOCK}) as timestamp,
        strftime(at_utc + to_milliseconds(120), {_CLOCK}) as "sentAt",
        strftime(at_utc + to_milliseconds(480), {_CLOCK}) as "receivedAt",
        {{
            'campaign': if(coalesce(is_pushed, false),
                {{'name': 'offers-push', 'source': 'app', 'medium': 'push', 'term': null::varchar,
                    'content': 'banner'}}, null),
            'page': {page},
            'privacy': if(u('app refuses', person_no) < {refuses}, {{'gpc': '1'}}, null),
            'library': {{'name': 'analytics-ios', 'version': '3.6.0'}},
            'os': {{'name': 'iOS'}}
        }} as context
    """


def write(con: duckdb.DuckDBPyConnection, inbox: Inbox, parameters: Parameters) -> None:
    """Append the batch's calls to one file per kind and quarter."""
    create_calls(con)
    refuses = parameters.rate("consents", "app_refusal")
    for year, month in QUARTERS:
        for kind in ("track", "identify", "page"):
            inbox.append(
                ("segment", "calls"),
                f"{kind}_{month_end(year, month)}.ndjson",
                f"select {_call(kind, refuses)} from app_calls where type = '{kind}' and quarter(at_utc) * 3 = {month}",
                fmt="ndjson",
            )


def records() -> str:
    """SELECT of the customer records: one per account that logged in; its traits are the account's."""
    return """
        select
            'segment' as channel, customer_id as source_customer_id, null::varchar as natural_key, person_no,
            if(knows, shown_name, null) as name, if(knows and not is_phone_blocked, phone, null) as phone_key,
            if(knows and not is_email_blocked, email, null) as email_key, 'shopify:' || customer_id as link_key,
            null::date as birth_key, null::varchar as address_key,
            if(knows, case when is_phone_blocked then phone when is_email_blocked then email end, null)
                as refused_value,
            if(knows, traps, []) as traps
        from (
            select
                customer_id, person_no, shown_name, phone, email, is_phone_blocked, is_email_blocked, traps,
                bool_or(type = 'identify') as knows
            from app_calls
            where is_logged_in
            group by all
        )
    """


def orders() -> None:
    """None: no orders here."""
    return None


def touches() -> str:
    """SELECT of the touches: one per visit, named by its first call; an opening within half an hour of the last goes on with it."""
    return """
        select 'segment' as channel, message_id as touchpoint_id, person_id, if(is_pushed, 'push', 'direct') as marketing_channel,
            at_utc::date as touch_date
        from (
            select *, lag(at_utc) over (partition by anonymous_id order by at_utc, message_id) as previous_at from app_calls
        )
        join persons using (person_no)
        where previous_at is null or epoch(at_utc) - epoch(previous_at) > 1800
    """
