-- every order once, with its customer, what it is worth in the reporting currency, and what was given back of it; one that was
-- cancelled or never paid keeps its amounts and is worth nothing, and what a parked one is worth is not known yet
{%- set key = ['channel', 'order_id'] %}
{%- set named_order = ['channel', "coalesce(order_id, '')"] %}
{%- set follows = followed_shape('order_lines', key) %}
{%- do follows.update(followed_shape('payments', named_order)) %}
{%- do follows.update({
    'order_amounts': key,
    'customer_order_lines': key,
    'line_costs': key,
    'order_payments': named_order,
    'customer_refunds': named_order,
    'erased_orders': key,
    'customer_ids': "select amounts.channel, amounts.order_id from {order_amounts} as amounts semi join {changed} as changed "
        "on amounts.channel = changed.channel and amounts.source_customer_id = changed.source_customer_id",
}) %}
{#- an order's number is one among all orders of its customer, of the former and of the present one -#}
{%- set orders_of_these_customers = "select amounts.channel, amounts.order_id from {order_amounts} as amounts "
    "inner join {customer_ids} as ids on amounts.channel = ids.channel and amounts.source_customer_id = ids.source_customer_id "
    "semi join (select kept.customer_id from {this} as kept semi join affected on kept.channel = key_1 and kept.order_id = key_2 "
    "union select present_ids.customer_id from {order_amounts} as present "
    "inner join {customer_ids} as present_ids on present.channel = present_ids.channel and present.source_customer_id = present_ids.source_customer_id "
    "semi join affected on present.channel = key_1 and present.order_id = key_2) as customers on ids.customer_id = customers.customer_id" %}
{{ config(materialized='replace_changed', meta={'key': key, 'follows': follows, 'also': [orders_of_these_customers]}) }}
with

linked_refunds as (
    select
        channel,
        order_id,
        sum(amount_in_order_currency) as refunded_amount,
        sum(goods_amount_in_order_currency) as refunded_goods_amount,
        sum(refund_revenue) as refunded_revenue
    from {{ ref('customer_refunds') }}
    where is_linked
    group by channel, order_id
),

coupons as (
    select channel, order_id, max(coupon_code) as coupon_code
    from {{ ref('customer_order_lines') }}
    group by channel, order_id
),

paid as (
    select channel, order_id, sum(case when payment_kind = 'payment' then payment_amount else 0 end) as paid_amount
    from {{ ref('order_payments') }}
    group by channel, order_id
),

valued as (
    select
        amounts.*,
        customer_ids.customer_id,
        customer_ids.customer_id is null and erased.order_id is not null as is_erased,
        coupons.coupon_code,
        paid.paid_amount,
        amounts.parked_reason is not null as is_parked,
        amounts.is_sale and amounts.parked_reason is null and amounts.gross_amount > 0 as is_conversion,
        coalesce(linked_refunds.refunded_amount, 0) as refunded_amount,
        coalesce(linked_refunds.refunded_goods_amount, 0) as refunded_goods_amount,
        coalesce(linked_refunds.refunded_revenue, 0) as refunded_revenue
    from {{ ref('order_amounts') }} as amounts
    left join {{ source('identity', 'customer_ids') }} as customer_ids
        on amounts.channel = customer_ids.channel
        and amounts.source_customer_id = customer_ids.source_customer_id
    left join coupons
        on amounts.channel = coupons.channel
        and amounts.order_id = coupons.order_id
    left join paid
        on amounts.channel = paid.channel
        and amounts.order_id = paid.order_id
    left join linked_refunds
        on amounts.channel = linked_refunds.channel
        and amounts.order_id = linked_refunds.order_id
    left join {{ source('state', 'erased_orders') }} as erased
        on amounts.channel = erased.channel
        and amounts.order_id = erased.order_id
)

select
    channel,
    order_id,
    order_number,
    source_customer_id,
    customer_id,
    ordered_at,
    order_date,
    fulfilled_at,
    store_id,
    order_status,
    is_sale,
    is_parked,
    parked_reason,
    fulfilment_type,
    coupon_code,
    line_count,
    item_quantity,
    currency,
    gross_amount,
    discount_amount,
    platform_discount_amount,
    creator_discount_amount,
    shipping_amount,
    tax_amount,
    other_amount,
    total_amount,
    cast(paid_amount as decimal(18, 2)) as paid_amount,
    cast(refunded_amount as decimal(18, 2)) as refunded_amount,
    cast(refunded_goods_amount as decimal(18, 2)) as refunded_goods_amount,
    cast(case when is_parked then null when is_sale then sold_amount - refunded_goods_amount else 0 end as decimal(18, 2)) as net_amount,
    cast(case when is_parked then null when is_sale then gross_revenue else 0 end as decimal(18, 2)) as gross_revenue,
    cast(case when is_parked then null when is_sale then discount_revenue else 0 end as decimal(18, 2)) as discount_revenue,
    cast(case when is_parked then null else refunded_revenue end as decimal(18, 2)) as refunded_revenue,
    cast(
        case when is_parked then null when is_sale then gross_revenue - discount_revenue - refunded_revenue else 0 end as decimal(18, 2)
    ) as net_revenue,
    case when is_sale and not is_parked then cost end as cost,
    customer_id is null as is_anonymous,
    is_erased,
    is_conversion,
    case
        when customer_id is not null and is_conversion
            then cast(row_number() over (partition by customer_id, is_conversion order by ordered_at, channel, order_id) as bigint)
    end as customer_order_number
from valued
