{#
holes:
  month: 1
  carries: 0.5
  always: '{''key'': ''a''}'
  from_somewhere: '{''key'': ''b''}'
  signals: '{''key'': ''c''}'
#}
with happened as (
    select *, unnest([
        if(is_continued, null, {'name': 'session_start', 'page': '', 'after': 0}),
        if(u('looks around', touch) < 0.5, {'name': 'page_view', 'page': 'products', 'after': 1}, null),
        if(order_id is not null or u('sees a product', touch) < 0.55, {'name': 'view_item', 'page': 'products/tea', 'after': 20}, null),
        if(order_id is not null or u('sees a product', touch) < 0.22, {'name': 'add_to_cart', 'page': 'products/tea', 'after': 60}, null),
        if(order_id is not null or u('sees a product', touch) < 0.12, {'name': 'begin_checkout', 'page': 'checkout', 'after': 90}, null),
        if(customer_id is not null, {'name': 'login', 'page': 'account', 'after': 45}, null),
        if(order_id is not null, {'name': 'purchase', 'page': 'thank-you', 'after': -1}, null),
        if(other_customer_id is not null, {'name': 'login', 'page': 'account/other', 'after': 240}, null)
    ]) as event
    from sessions
    where month(eastern(at_utc)) = {{ month }}
),
timed as (
    select
        happened.* exclude (event),
        event.name as event_name,
        event.page as page,
        if(event.after < 0, ordered_at, at_utc + to_seconds(event.after)) as event_at,
        event_name = 'purchase' and u('carries', touch) < {{ carries }} as carries_order
    from happened
    where event is not null
)
select
    strftime(eastern(event_at), '%Y%m%d') as event_date,
    (epoch_us(event_at) + pick('micros', touch || event_name, 900000))::varchar as event_timestamp,
    event_name,
    list_filter([{{ always }}, {{ from_somewhere }}, {{ signals }}], lambda p: p.value.string_value is not null
        or p.value.int_value is not null)
        as event_params,
    case when page = 'account/other' then other_customer_id
        when event_name = 'login' or (event_name = 'purchase' and customer_id is not null) then customer_id end as user_id,
    user_pseudo_id,
    {
        'category': device_category,
        'operating_system': if(device_category = 'mobile', 'iOS', 'Windows'),
        'language': 'en-us'
    } as device,
    {'country': 'United States'} as geo,
    {
        'name': coalesce(campaign, '(direct)'),
        'medium': coalesce(medium, '(none)'),
        'source': coalesce(source, '(direct)')
    } as traffic_source,
    '1966637064' as stream_id,
    'WEB' as platform,
    if(carries_order, {'transaction_id': order_name, 'purchase_revenue': net::double}, null) as ecommerce
from timed
