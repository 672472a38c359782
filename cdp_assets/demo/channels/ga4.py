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
    con.execute(
        f"""
        create or replace temp table sessions as
        with known as (
            select
                touches.*,
                account.customer_id as account_id,
                web_orders.candidate is not null as has_order,
                web_orders.customer_id as order_customer_id,
                web_orders.order_id, web_orders.order_name, web_orders.net, web_orders.at_utc as ordered_at,
                if(has_order,
                    order_customer_id is not null and u('logged in', touch) < {rates["logged_in_at_purchase"]},
                    account_id is not null and u('logged in', touch) < {rates["logged_in_before"]}) as is_own_log_in,
                account_id is not null and not has_order and touches.marketing_channel = 'direct'
                    and u('tablet', touch) < {rates["store_tablet"]} as is_on_tablet,
                u('second device', touches.person_no) < {rates["second_device"]}
                    and u('device', touch) < 0.3 as is_second,
                u('reset', touches.person_no) < {rates["browser_reset"]} and not is_second
                    and touches.at_utc >= timestamp '2017-05-01' + to_days(pick('reset day',
                        touches.person_no, 90)::int) as is_reset,
            from touches
            left join web_orders on web_orders.order_no = touches.order_no
            left join web_accounts as account on account.person_no = touches.person_no and account.slot = 0
                and account.created_at <= touches.at_utc
            where touches.marketing_channel <> 'store'
        )
        select
            touch,
            person_no,
            at_utc,
            if(is_on_tablet, '{TABLET}',
                (1000000000 + pick('browser', person_no || '.' || is_second || is_reset, 900000000)) || '.'
                    || (1451624400 + pick('cookie', person_no || '.' || is_second || is_reset, 31500000)))
                        as user_pseudo_id,
            epoch(at_utc)::bigint as ga_session_id,
            user_pseudo_id || '.' || ga_session_id as touchpoint_id,
            case when is_on_tablet then account_id
                when is_own_log_in then coalesce(order_customer_id, account_id) end as customer_id,
            if(is_on_tablet, null, nullif(source, '(direct)')) as source,
            marketing_channel = 'paid_search' and not is_on_tablet and u('auto tagged', touch) < {rates["auto_tagged"]}
                as is_auto_tagged,
            case when is_on_tablet then null when is_auto_tagged then 'organic' else nullif(medium, '(none)') end as medium,
            if(is_auto_tagged, 'Cj0KCQ' || left(md5('gclid ' || touch), 20), null) as gclid,
            campaign,
            if(is_second or is_on_tablet, 'desktop', 'mobile') as device_category,
            order_id, order_name, net, ordered_at,
        from known
        qualify row_number() over (partition by user_pseudo_id, ga_session_id order by touch) = 1
        order by at_utc, touch
        """
    )
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
    return f"""
        with happened as (
            select *, unnest([
                if(is_continued, null, {{'name': 'session_start', 'page': '', 'after': 0}}),
                if(u('looks around', touch) < 0.5, {{'name': 'page_view', 'page': 'products', 'after': 1}}, null),
                if(order_id is not null or u('sees a product', touch) < 0.55, {{'name': 'view_item', 'page': 'products/tea', 'after': 20}}, null),
                if(order_id is not null or u('sees a product', touch) < 0.22, {{'name': 'add_to_cart', 'page': 'products/tea', 'after': 60}}, null),
                if(order_id is not null or u('sees a product', touch) < 0.12, {{'name': 'begin_checkout', 'page': 'checkout', 'after': 90}}, null),
                if(customer_id is not null, {{'name': 'login', 'page': 'account', 'after': 45}}, null),
                if(order_id is not null, {{'name': 'purchase', 'page': 'thank-you', 'after': -1}}, null),
                if(other_customer_id is not null, {{'name': 'login', 'page': 'account/other', 'after': 240}}, null)
            ]) as event
            from sessions
            where month(eastern(at_utc)) = {month}
        ),
        timed as (
            select
                happened.* exclude (event),
                event.name as event_name,
                event.page as page,
                if(event.after < 0, ordered_at, at_utc + to_seconds(event.after)) as event_at,
                event_name = 'purchase' and u('carries', touch) < {carries} as carries_order,
            from happened
            where event is not null
        )
        select
            strftime(eastern(event_at), '%Y%m%d') as event_date,
            (epoch_us(event_at) + pick('micros', touch || event_name, 900000))::varchar as event_timestamp,
            event_name,
            list_filter([{always}, {from_somewhere}, {signals}], lambda p: p.value.string_value is not null
                or p.value.int_value is not null)
                as event_params,
            case when page = 'account/other' then other_customer_id
                when event_name = 'login' or (event_name = 'purchase' and customer_id is not null) then customer_id end as user_id,
            user_pseudo_id,
            {{
                'category': device_category,
                'operating_system': if(device_category = 'mobile', 'iOS', 'Windows'),
                'language': 'en-us'
            }} as device,
            {{'country': 'United States'}} as geo,
            {{
                'name': coalesce(campaign, '(direct)'),
                'medium': coalesce(medium, '(none)'),
                'source': coalesce(source, '(direct)')
            }} as traffic_source,
            '1966637064' as stream_id,
            'WEB' as platform,
            if(carries_order, {{'transaction_id': order_name, 'purchase_revenue': net::double}}, null) as ecommerce,
        from timed
    """


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
