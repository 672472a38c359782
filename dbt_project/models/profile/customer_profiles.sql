-- one row per customer: golden values, first and last seen, lifetime figures up to as_of_date, consents and household
with

purchases as (
    select
        customer_id,
        count(*) filter (where is_conversion) as order_count,
        min(ordered_at) as first_order_at,
        max(ordered_at) as last_order_at,
        min(case when is_conversion then order_date end) as first_order_date,
        max(case when is_conversion then order_date end) as last_order_date,
        sum(gross_revenue) as gross_revenue,
        sum(discount_revenue) as discount_revenue,
        sum(net_revenue) as net_revenue
    from {{ ref('customer_orders') }}
    where customer_id is not null and order_date <= {{ as_of_date() }}
    group by customer_id
),

unlinked_refunds as (
    select customer_id, sum(refund_revenue) as refund_revenue
    from {{ ref('customer_refunds') }}
    where customer_id is not null and {{ is_unlinked_refund() }} and refund_date <= {{ as_of_date() }}
    group by customer_id
),

touches as (
    select customer_id, count(*) as touch_count, min(touched_at) as first_touch_at, max(touched_at) as last_touch_at
    from {{ ref('customer_touchpoints') }}
    where customer_id is not null and touch_date <= {{ as_of_date() }}
    group by customer_id
)

select
    golden.customer_id,
    golden.full_name,
    golden.given_name,
    golden.family_name,
    golden.phone,
    golden.email,
    golden.birth_date,
    golden.gender,
    golden.street,
    golden.city,
    golden.region,
    golden.postcode,
    golden.country,
    households.household_id,
    golden.record_count,
    golden.account_count,
    golden.channel_count,
    golden.channels,
    least(golden.first_record_at, purchases.first_order_at, touches.first_touch_at) as first_seen_at,
    greatest(golden.last_record_at, purchases.last_order_at, touches.last_touch_at) as last_seen_at,
    purchases.first_order_date,
    purchases.last_order_date,
    coalesce(purchases.order_count, 0) as order_count,
    coalesce(touches.touch_count, 0) as touch_count,
    cast(coalesce(purchases.gross_revenue, 0) as decimal(18, 2)) as gross_revenue,
    cast(coalesce(purchases.discount_revenue, 0) as decimal(18, 2)) as discount_revenue,
    cast(coalesce(purchases.net_revenue, 0) - coalesce(unlinked_refunds.refund_revenue, 0) as decimal(18, 2)) as net_revenue,
    {%- for purpose in var('purposes') %}
    consents.is_{{ purpose }}_allowed,
    {%- endfor %}
    consents.is_profiled
from {{ ref('golden_records') }} as golden
inner join {{ ref('customer_consents') }} as consents
    on golden.customer_id = consents.customer_id
left join purchases
    on golden.customer_id = purchases.customer_id
left join unlinked_refunds
    on golden.customer_id = unlinked_refunds.customer_id
left join touches
    on golden.customer_id = touches.customer_id
left join {{ source('identity', 'households') }} as households
    on golden.customer_id = households.customer_id
