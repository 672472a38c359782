-- one touch per session: where its first event with a source came from; who logs in during a session owns all of it. A session in
-- which somebody else logs in, or that goes on to another purchase, is another touch from there on: each belongs to one person and order.
-- GA4 gives all events of a batch one time
{%- set in_order = ['event_at', 'event_name'] %}
{%- set in_turn = "event_at, event_name, coalesce(purchase_id, ''), coalesce(user_id, '')" %}
{%- set from_elsewhere = "source is not null and not " ~ is_own_site('source', 'medium', 'page_location') %}
with

source as (
    select * from {{ landed('ga4', 'events') }} as rows
    where user_pseudo_id is not null
),

events as (
    select
        user_pseudo_id,
        coalesce(ga_session_id, cast(event_date as string)) as session,
        event_at,
        event_name,
        user_id,
        coalesce(source, collected_source, last_click_source) as source,
        case
            when source is not null then medium
            when collected_source is not null then collected_medium
            else last_click_medium
        end as medium,
        page_location,
        coalesce(campaign, collected_campaign, google_ads_campaign, last_click_campaign) as campaign,
        case
            when coalesce(gclid, collected_gclid) is not null then 'gclid'
            when wbraid is not null then 'wbraid'
            when gbraid is not null then 'gbraid'
            when coalesce(dclid, collected_dclid) is not null then 'dclid'
            when msclkid is not null then 'msclkid'
            when ttclid is not null then 'ttclid'
            when fbclid is not null then 'fbclid'
            else {{ click_id_type('page_location') }}
        end as click_id_type,
        case when event_name = 'purchase' then nullif(coalesce(transaction_id, ecommerce_transaction_id), '(not set)') end as purchase_id,
        lower(analytics_storage) = 'no' as has_refused_profiling,
        lower(gpc) in ('1', 'true') as gpc,
        usp,
        gpp,
        tcf
    from source
),

-- where a session changes hands or goes on after a purchase
marked as (
    select
        *,
        case
            when user_id <> {{ ignoring_nulls('lag', 'user_id') }} over in_session then 1
            else 0
        end as is_change_of_user,
        case
            when purchase_id is not null
                and row_number() over (partition by user_pseudo_id, session, purchase_id order by {{ in_turn }}) = 1 then 1
            else 0
        end as is_new_purchase
    from events
    window in_session as (partition by user_pseudo_id, session order by {{ in_turn }})
),

counted as (
    select
        *,
        sum(is_change_of_user) over up_to_here as user_changes,
        -is_new_purchase + sum(is_new_purchase) over up_to_here as purchases_before,
        sum(is_new_purchase) over (partition by user_pseudo_id, session) as purchases
    from marked
    window up_to_here as (
        partition by user_pseudo_id, session order by {{ in_turn }} rows between unbounded preceding and current row
    )
),

numbered as (
    select
        *,
        -- what follows the last purchase belongs to it
        user_changes + case when purchases > 0 and own_purchases_before = purchases then purchases - 1 else own_purchases_before end as part
    from (
        select
            *,
            -- an event told twice is of its first telling
            case
                when purchase_id is null then purchases_before
                else min(purchases_before) over (partition by user_pseudo_id, session, purchase_id)
            end as own_purchases_before
        from counted
    ) as told
),

parts as (
    select
        user_pseudo_id,
        session,
        part,
        max(user_id) as user_id,
        min(event_at) as started_at,
        {{ told_first('purchase_id', in_order) }} as purchase_id,
        bool_or(has_refused_profiling) as has_refused_profiling,
        bool_or(gpc) as gpc,
        {{ told_first('usp', in_order) }} as usp,
        {{ told_first('gpp', in_order) }} as gpp,
        {{ told_first('tcf', in_order) }} as tcf
    from numbered
    group by user_pseudo_id, session, part
),

-- what the site sent to itself came from where it came before, or directly
sessions as (
    select
        user_pseudo_id,
        session,
        {{ told_first('source', in_order, where=from_elsewhere) }} as source,
        {{ told_first("coalesce(medium, '(none)')", in_order + ['source'], where=from_elsewhere) }} as medium,
        {{ told_first('campaign', in_order) }} as campaign,
        {{ told_first('click_id_type', in_order) }} as click_id_type
    from events
    group by user_pseudo_id, session
),

renamed as (
    select
        ---------- ids
        'ga4' as channel,
        parts.user_pseudo_id || '.' || parts.session
        || case when parts.part = 0 then '' else '.' || cast(parts.part + 1 as string) end as touchpoint_id,
        parts.user_id as source_customer_id,
        parts.user_pseudo_id as device_id,
        case when parts.purchase_id is not null then 'shopify' end as ends_in_channel,
        parts.purchase_id as ends_in_order_id,

        ---------- times
        parts.started_at as touched_at,
        {{ business_date('parts.started_at') }} as touch_date,

        ---------- text
        coalesce(sessions.source, '(direct)') as source,
        case when sessions.source is null then '(none)' else sessions.medium end as medium,
        sessions.campaign,
        'visit' as touch_type,
        sessions.click_id_type,
        parts.has_refused_profiling,
        parts.gpc,
        parts.usp,
        parts.gpp,
        parts.tcf
    from parts
    inner join sessions
        on parts.user_pseudo_id = sessions.user_pseudo_id
        and parts.session = sessions.session
)

select * from {{ in_shape('renamed', 'touchpoints') }} as shaped
