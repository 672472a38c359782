"""Google Analytics 4: the web shop's events as the BigQuery export writes them, newline-delimited JSON.

Quirks kept: microseconds as text, parameters as an array of key and typed value, the session id inside them
only, a user id only once somebody logged in, one browser per person and sometimes two, cookies that are
lost, sessions that go on to a second purchase or in which somebody else of the home logs in, a tablet in the
store that hundreds use, clicks on advertisements that only their gclid tells from organic search.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from cdp_assets.demo.channels.ga4_sessions import share_sessions
from cdp_assets.demo.inbox import MONTHS, Inbox, month_end
from cdp_assets.sql_text import from_file

if TYPE_CHECKING:
    import duckdb

    from cdp_assets.demo.parameters import Parameters

TABLET = "2017000001.1483189200"  # the browser of the tablet in the store
# GPP strings of California and Connecticut, and one that was cut on its way
_GPP_REFUSES, _GPP_ALLOWS, _GPP_CUT = "DBABVg~BVVVVVVg.YA", "DBABBg~BAAAAACA", "DBABBg~BVq"


def create_sessions(con: duckdb.DuckDBPyConnection, parameters: Parameters) -> None:
    """Create `sessions`: touch, touchpoint_id, user_pseudo_id, ga_session_id, customer_id (null unless
    logged in), person_no, at_utc, source, medium, campaign, gclid, the web order it ended in (order_id,
    order_name, total; else null), and what `share_sessions` adds.

    touchpoint_id = user_pseudo_id + '.' + ga_session_id, as staging names it; ga_session_id is the start in seconds.
    """
    rates = parameters.traps["devices"]
    con.execute(from_file(__name__, "sessions", rates=rates, tablet=TABLET))
    share_sessions(con, parameters)


def _parameter(key: str, value: str, kind: str = "string_value") -> str:
    kinds = {
        "string_value": "varchar",
        "int_value": "varchar",
        "float_value": "float",
        "double_value": "double",
    }
    cells = ", ".join(
        f"'{name}': {value if name == kind else 'null'}::{sort}" for name, sort in kinds.items()
    )
    return f"{{'key': '{key}', 'value': {{{cells}}}}}"


def _signals(parameters: Parameters) -> dict[str, str]:
    """SQL of what the person's own browser says of privacy, as the consent platform passes it on."""
    rates = parameters.traps["consents"]
    refuses, allows = float(rates["gpp_refusal"]), float(rates["gpp_refusal"]) + float(rates["gpp_consent"])
    own = f"event_name = 'session_start' and user_pseudo_id <> '{TABLET}'"
    return {
        "gpc": f"if({own} and is_gpc, '1', null)",
        "us_privacy": f"if({own} and u('us privacy', person_no) < {rates['usp_refusal']}, '1YYN', null)",
        "gpp": f"case when not ({own}) then null when u('cut', touch) < {rates['signal_cut']} then '{_GPP_CUT}' "
        f"when u('gpp', person_no) < {refuses} then '{_GPP_REFUSES}' "
        f"when u('gpp', person_no) < {allows} then '{_GPP_ALLOWS}' end",
    }


def _events(parameters: Parameters, month: int) -> str:
    carries = parameters.rate("devices", "purchase_carries_order")
    always = ", ".join(
        [
            _parameter("ga_session_id", "ga_session_id", "int_value"),
            _parameter("page_location", "'https://shop.onefold.example/' || page"),
        ]
    )
    from_somewhere = ", ".join(_parameter(name, name) for name in ("source", "medium", "campaign", "gclid"))
    signals = ", ".join(_parameter(name, sql) for name, sql in _signals(parameters).items())
    return from_file(
        __name__,
        "ga4_events",
        month=month,
        carries=carries,
        always=always,
        from_somewhere=from_somewhere,
        signals=signals,
    )


def write(con: duckdb.DuckDBPyConnection, inbox: Inbox, parameters: Parameters) -> None:
    """Append the batch's events to one file per month."""
    create_sessions(con, parameters)
    for year, month in MONTHS:
        name = f"events_{month_end(year, month).replace('-', '')}.ndjson"
        inbox.append(("ga4", "events"), name, _events(parameters, month), fmt="ndjson")


def records() -> str:
    """SELECT of the customer records: one per account that was seen logged in; its link is its evidence."""
    return """
        select
            'ga4' as channel, customer_id as source_customer_id, null::varchar as natural_key,
            any_value(web_accounts.person_no) as person_no, null::varchar as name, null::varchar as phone_key,
            null::varchar as email_key, 'shopify:' || customer_id as link_key, null::date as birth_key,
            null::varchar as address_key, null::varchar as refused_value, []::varchar[] as traps
        from (
            select customer_id from sessions union all
            select other_customer_id from sessions where other_customer_id is not null
        )
        join web_accounts using (customer_id)
        group by customer_id
    """


def orders() -> None:
    """None: no orders here."""
    return None


def touches() -> str:
    """SELECT of the touches: one per session, named as staging does."""
    return """
        select 'ga4' as channel, touchpoint_id, person_id, marketing_channel,
            eastern(sessions.at_utc)::date as touch_date
        from sessions
        join touches using (touch, person_no)
        join persons using (person_no)
        union all
        select 'ga4', touchpoint_id || '.2', person_id, marketing_channel, eastern(sessions.at_utc)::date
        from sessions
        join touches using (touch)
        join persons on persons.person_no = sessions.other_person_no
    """


def refusals() -> str:
    """SELECT of the browsers that asked by Global Privacy Control not to be followed: channel, device_id, signal, first_date."""
    return f"""
        select 'ga4' as channel, user_pseudo_id as device_id, 'gpc' as signal, min(eastern(at_utc)::date) as first_date
        from sessions
        where is_gpc and user_pseudo_id <> '{TABLET}' and not is_continued
        group by user_pseudo_id
    """
