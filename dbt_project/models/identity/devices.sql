-- each device that was seen up to as_of_date, with how many customers logged in on it: a shared one belongs to nobody
{%- set key = ['channel', "coalesce(device_id, '')"] %}
{%- set follows = followed_shape('touchpoints', key) %}
{%- do follows.update({
    'customer_ids': "select touches.channel, touches.device_id from " ~ followed_rows('touchpoints', ['channel', 'device_id', 'source_customer_id'])
        ~ " as touches semi join {changed} as changed on touches.channel = changed.channel and touches.source_customer_id = changed.source_customer_id "
        "where touches.device_id is not null",
    'as_of_date': "select channel, coalesce(device_id, '') from " ~ followed_rows('touchpoints', ['channel', 'device_id', 'touch_date'])
        ~ " where touch_date > least({was}, {now})",
}) %}
{{ config(materialized='replace_changed', meta={'key': key, 'follows': follows}) }}
with

touches as (
    {{ union_shape('touchpoints') }}
)

select
    touches.channel,
    touches.device_id,
    count(*) as touch_count,
    count(distinct customer_ids.customer_id) as customer_count,
    count(distinct customer_ids.customer_id) > {{ var('device_max_customers') }} as is_shared,
    min(touches.touched_at) as first_seen_at,
    max(touches.touched_at) as last_seen_at,
    max(case when customer_ids.customer_id is not null then touches.touched_at end) as last_login_at
from touches
left join {{ source('identity', 'customer_ids') }} as customer_ids
    on touches.channel = customer_ids.channel
    and touches.source_customer_id = customer_ids.source_customer_id
where touches.device_id is not null
    and touches.touch_date <= {{ as_of_date() }}
group by touches.channel, touches.device_id
