{#
holes:
  rates: {logged_in_at_purchase: 0.5, logged_in_before: 0.5, store_tablet: 0.5, second_device: 0.5, browser_reset: 0.5, auto_tagged: 0.5}
  tablet: a-device
#}
create or replace temp table sessions as
with known as (
    select
        touches.*,
        account.customer_id as account_id,
        web_orders.candidate is not null as has_order,
        web_orders.customer_id as order_customer_id,
        web_orders.order_id, web_orders.order_name, web_orders.net, web_orders.at_utc as ordered_at,
        if(has_order,
            order_customer_id is not null and u('logged in', touch) < {{ rates.logged_in_at_purchase }},
            account_id is not null and u('logged in', touch) < {{ rates.logged_in_before }}) as is_own_log_in,
        account_id is not null and not has_order and touches.marketing_channel = 'direct'
            and u('tablet', touch) < {{ rates.store_tablet }} as is_on_tablet,
        u('second device', touches.person_no) < {{ rates.second_device }}
            and u('device', touch) < 0.3 as is_second,
        u('reset', touches.person_no) < {{ rates.browser_reset }} and not is_second
            and touches.at_utc >= timestamp '2017-05-01' + to_days(pick('reset day',
                touches.person_no, 90)::int) as is_reset
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
    if(is_on_tablet, '{{ tablet }}',
        (1000000000 + pick('browser', person_no || '.' || is_second || is_reset, 900000000)) || '.'
            || (1451624400 + pick('cookie', person_no || '.' || is_second || is_reset, 31500000)))
                as user_pseudo_id,
    epoch(at_utc)::bigint as ga_session_id,
    user_pseudo_id || '.' || ga_session_id as touchpoint_id,
    case when is_on_tablet then account_id
        when is_own_log_in then coalesce(order_customer_id, account_id) end as customer_id,
    if(is_on_tablet, null, nullif(source, '(direct)')) as source,
    marketing_channel = 'paid_search' and not is_on_tablet and u('auto tagged', touch) < {{ rates.auto_tagged }}
        as is_auto_tagged,
    case when is_on_tablet then null when is_auto_tagged then 'organic' else nullif(medium, '(none)') end as medium,
    if(is_auto_tagged, 'Cj0KCQ' || left(md5('gclid ' || touch), 20), null) as gclid,
    campaign,
    if(is_second or is_on_tablet, 'desktop', 'mobile') as device_category,
    order_id, order_name, net, ordered_at
from known
qualify row_number() over (partition by user_pseudo_id, ga_session_id order by touch) = 1
order by at_utc, touch
