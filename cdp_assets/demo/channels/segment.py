"""Segment: calls of the store's app, one newline-delimited JSON object per call.

Quirks kept: the user id only after log-in, traits in `identify` alone, campaign under context, ISO times
with 'Z', sent and received a little later than they happened, keys that one call has and another lacks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cdp_assets.demo.inbox import MONTHS, Inbox, month_end

if TYPE_CHECKING:
    import duckdb

    from cdp_assets.demo.parameters import Parameters

_USES_APP = 0.35  # of loyalty members
_OPENS = 14  # at most, per member
_CLOCK = "'%Y-%m-%dT%H:%M:%S.%gZ'"


def create_calls(con: duckdb.DuckDBPyConnection) -> None:
    """Create `app_calls`: one row per call of an app user: type, name, at_utc, is_logged_in and what it carries."""
    con.execute(
        f"""
        create or replace temp table app_calls as
        with users as (
            select
                loyalty_members.*, entry_date, exit_date,
                md5('install ' || member_id) as install,
                substr(install, 1, 8) || '-' || substr(install, 9, 4) || '-4' || substr(install, 14, 3) || '-8'
                    || substr(install, 18, 3) || '-' || substr(install, 21, 12) as anonymous_id,
            from loyalty_members
            join persons using (person_no)
            where u('app', member_id) < {_USES_APP}
        ),
        visits as (
            select *, unnest(range(1 + pick('opens', member_id, {_OPENS}))) as visit from users
        ),
        dated as (
            select
                *,
                member_id || '.' || visit as opening,
                epoch(least(exit_date, date '2017-12-31')::timestamp) - epoch(entry_date::timestamp) as seconds,
                entry_date::timestamp
                    + to_seconds(greatest(36000, floor(u('opened at', opening) * seconds)::bigint)) as opened_at,
            from visits
        ),
        opened as (
            select *, row_number() over (partition by member_id order by opened_at, visit) as nth from dated
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
            u('pushed', opening) < 0.3 as is_pushed,
        from called
        where call is not null
        order by at_utc, message_id
        """
    )


def _call(kind: str) -> str:
    """SQL select list of one kind of call."""
    carried = {
        "track": "name as event, {'opened_from': if(is_pushed, 'push', 'icon')} as properties",
        "identify": "{'name': shown_name, 'email': email, 'phone': phone_key} as traits",
        "page": "name, {'title': name, 'url': 'https://app.onefold.example/offers'} as properties",
    }[kind]
    return f"""
        anonymous_id as "anonymousId",
        if(is_logged_in, member_id, null) as "userId",
        type,
        {carried},
        message_id as "messageId",
        strftime(at_utc, {_CLOCK}) as timestamp,
        strftime(at_utc + to_milliseconds(120), {_CLOCK}) as "sentAt",
        strftime(at_utc + to_milliseconds(480), {_CLOCK}) as "receivedAt",
        {{
            'campaign': if(is_pushed, {{'name': 'offers-push', 'source': 'app', 'medium': 'push'}}, null),
            'library': {{'name': 'analytics-ios', 'version': '3.6.0'}},
            'os': {{'name': 'iOS'}}
        }} as context
    """


def write(con: duckdb.DuckDBPyConnection, inbox: Inbox, parameters: Parameters) -> None:
    """Append the batch's calls to one file per kind and month."""
    create_calls(con)
    for year, month in MONTHS:
        for kind in ("track", "identify", "page"):
            inbox.append(
                ("segment", kind),
                f"{kind}_{month_end(year, month)}.ndjson",
                f"select {_call(kind)} from app_calls where type = '{kind}' and month(at_utc) = {month}",
                fmt="ndjson",
            )


def records() -> str:
    """SELECT of the customer records: one per user that logged in; its traits are the card's."""
    return """
        select
            'segment' as channel, member_id as source_customer_id, null::varchar as natural_key, person_no,
            any_value(shown_name) as name, any_value(phone_key) as phone_key,
            any_value(if(is_email_blocked, null, email)) as email_key, 'loyalty:' || member_id as link_key,
            null::date as birth_key, null::varchar as address_key, null::varchar as refused_value,
            any_value(traps) as traps
        from app_calls
        where is_logged_in
        group by member_id, person_no
    """


def orders() -> None:
    """None: no orders here."""
    return None
