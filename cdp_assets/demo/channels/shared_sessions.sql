{#
holes:
  rates: {purchase_carries_order: 0.5, other_log_in: 0.5}
  goes_on: 1800
  gpc: 0.5
#}
create or replace temp table sessions as
with purchases as (
    select
        sessions.*,
        marketing_channel,
        u('carries', touch) < {{ rates.purchase_carries_order }} as carries,
        lag(carries) over later as carried_before,
        lag(ordered_at) over later as ordered_before,
        lag(ordered_at, 2) over later as ordered_long_before,
        lag(customer_id) over later as customer_before,
        lag(marketing_channel) over later as marketing_channel_before,
        lag({
            'user_pseudo_id': user_pseudo_id, 'ga_session_id': ga_session_id, 'touchpoint_id': touchpoint_id, 'source': sessions.source,
            'medium': sessions.medium, 'gclid': gclid, 'campaign': sessions.campaign, 'device_category': device_category
        }) over later as host
    from sessions
    join touches using (touch)
    where order_id is not null
    window later as (partition by sessions.person_no order by ordered_at, touch)
),
continued as (
    select touch, host
    from purchases
    where ordered_at > ordered_before and ordered_at - ordered_before < to_seconds({{ goes_on }})
        and (ordered_long_before is null or ordered_before - ordered_long_before >= to_seconds({{ goes_on }}))
        and customer_id is not distinct from customer_before
        and (marketing_channel = marketing_channel_before or marketing_channel = 'direct')
        and carries and carried_before
        and host.device_category = 'mobile'
),
-- somebody else of the home, by the account that is open already
others as (
    select
        sessions.touch,
        account.customer_id as other_customer_id,
        account.person_no as other_person_no
    from sessions
    join persons as own on own.person_no = sessions.person_no
    join persons as theirs on theirs.household_no = own.household_no and theirs.person_no <> own.person_no
    join web_accounts as account on account.person_no = theirs.person_no and account.slot = 0 and account.created_at <= sessions.at_utc
    where sessions.customer_id is not null and order_id is null and device_category = 'mobile'
        and u('hands it on', sessions.touch) < {{ rates.other_log_in }}
    qualify row_number() over (partition by sessions.touch order by theirs.person_no) = 1
)
select
    sessions.* replace (
        coalesce(host.user_pseudo_id, sessions.user_pseudo_id) as user_pseudo_id,
        coalesce(host.ga_session_id, sessions.ga_session_id) as ga_session_id,
        coalesce(host.touchpoint_id || '.2', sessions.touchpoint_id) as touchpoint_id,
        if(host is null, sessions.source, host.source) as source,
        if(host is null, sessions.medium, host.medium) as medium,
        if(host is null, sessions.gclid, host.gclid) as gclid,
        if(host is null, sessions.campaign, host.campaign) as campaign,
        coalesce(host.device_category, sessions.device_category) as device_category
    ),
    host is not null as is_continued,
    others.other_customer_id,
    others.other_person_no,
    device_category = 'mobile' and u('gpc', sessions.person_no) < {{ gpc }} as is_gpc
from sessions
left join continued using (touch)
left join others using (touch)
order by sessions.at_utc, touch
