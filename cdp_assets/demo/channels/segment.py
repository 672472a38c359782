"""Segment: calls of the web shop's app, one newline-delimited JSON object per call.

Quirks kept: the user id only after log-in, traits in `identify` alone, campaign under context, ISO times
with 'Z', sent and received a little later than they happened, keys that one call has and another lacks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cdp_assets.demo.inbox import QUARTERS, Inbox, month_end

if TYPE_CHECKING:
    import duckdb

    from cdp_assets.demo.parameters import Parameters

_USES_APP = 0.25  # of web shop accounts
_OPENS = 14  # at most, per account
_CLOCK = "'%Y-%m-%dT%H:%M:%S.%gZ'"


def create_calls(con: duckdb.DuckDBPyConnection) -> None:
    """Create `app_calls`: one row per call of an app user: type, name, at_utc, is_logged_in and what it carries."""
    con.execute(
        f"""
        create or replace temp table app_calls as
        with users as (
            select
                web_accounts.*, entry_date, exit_date,
                md5('install ' || customer_id) as install,
                substr(install, 1, 8) || '-' || substr(install, 9, 4) || '-4' || substr(install, 14, 3) || '-8'
                    || substr(install, 18, 3) || '-' || substr(install, 21, 12) as anonymous_id,
            from web_accounts
            join persons using (person_no)
            where slot = 0 and u('app', customer_id) < {_USES_APP}
        ),
        visits as (
            select *, unnest(range(1 + pick('opens', customer_id, {_OPENS}))) as visit from users
        ),
        dated as (
            select
                *,
                customer_id || '.' || visit as opening,
                epoch(least(exit_date, date '2017-12-31')::timestamp) - epoch(entry_date::timestamp) as seconds,
                entry_date::timestamp
                    + to_seconds(greatest(36000, floor(u('opened at', opening) * seconds)::bigint)) as opened_at,
            from visits
        ),
        opened as (
            select *, row_number() over (partition by customer_id order by opened_at, visit) as nth from dated
        ),
        called as (
            select *, unnest([
                {{'type': 'track', 'name': 'Application Opened', 'after': 0}},
                if(nth = 2, {{'type': 'identify', 'name': null, 'after': 20}}, null),
                {{'type': 'page', 'name': 'Offers', 'after': 31}},
                if(u('looks', opening) < 0.4, {{'type': 'track', 'name': 'Product Viewed', 'after': 75}}, null)
            ]) as call
            from opened
        )
        select
            * exclude (call),
            call.type as type,
            call.name as name,
            opened_at + to_seconds(call.after) + to_milliseconds(pick('millis', opening || call.type, 900)) as at_utc,
            nth > 2 or (nth = 2 and call.after >= 20) as is_logged_in,
            'app-' || md5(opening || call.type || coalesce(call.name, '')) as message_id,
            u('pushed', opening) < 0.3 and call.name = 'Application Opened' as is_pushed,
        from called
        where call is not null
        order by at_utc, message_id
        """
    )


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
