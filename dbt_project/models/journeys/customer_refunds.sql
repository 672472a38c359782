-- every refund, with its customer and the date that it restates: its order's when the order is known, else its own
with

refunds as (
    {{ union_shape('refunds') }}
),

orders as (
    {{ union_shape('orders') }}
),

return_documents as (
    select
        channel,
        order_id as refund_id,
        cast(null as varchar) as order_id,
        source_customer_id,
        ordered_at as refunded_at,
        order_date as refund_date,
        currency,
        -gross_amount as amount,
        cast(null as decimal(18, 6)) as quantity,
        cast(null as varchar) as sku,
        true as is_return_document
    from orders
    where order_status = 'return_document'
),

all_refunds as (
    select
        channel, refund_id, order_id, source_customer_id, refunded_at, refund_date, currency, amount, quantity, sku,
        false as is_return_document
    from refunds
    union all
    select
        channel, refund_id, order_id, source_customer_id, refunded_at, refund_date, currency, amount, quantity, sku,
        is_return_document
    from return_documents
),

linked as (
    select
        all_refunds.channel,
        all_refunds.refund_id,
        all_refunds.order_id,
        orders.order_id is not null as is_linked,
        all_refunds.is_return_document,
        coalesce(orders.source_customer_id, all_refunds.source_customer_id) as source_customer_id,
        all_refunds.refunded_at,
        all_refunds.refund_date,
        coalesce(orders.order_date, all_refunds.refund_date) as restated_date,
        {{ is_sale('orders.order_status') }} as is_of_sale,
        coalesce(all_refunds.currency, orders.currency) as currency,
        orders.currency as order_currency,
        all_refunds.amount,
        all_refunds.quantity,
        all_refunds.sku
    from all_refunds
    left join orders
        on all_refunds.channel = orders.channel
        and all_refunds.order_id = orders.order_id
)

select
    linked.channel,
    linked.refund_id,
    linked.order_id,
    linked.is_linked,
    linked.is_return_document,
    linked.source_customer_id,
    customer_ids.customer_id,
    linked.refunded_at,
    linked.refund_date,
    linked.restated_date,
    linked.currency,
    linked.amount,
    cast(case
        when linked.currency = linked.order_currency then linked.amount
        else linked.amount * rates.rate / order_rates.rate -- the cast rounds half a cent up, as money is; round() of a double does not
    end as decimal(18, 2)) as amount_in_order_currency,
    -- what is given back of an order that was no sale takes nothing from revenue: it was never counted
    cast(case when linked.is_of_sale then round(linked.amount * rates.rate, 2) else 0 end as decimal(18, 2)) as refund_revenue,
    linked.quantity,
    linked.sku
from linked
left join {{ source('identity', 'customer_ids') }} as customer_ids
    on linked.channel = customer_ids.channel
    and linked.source_customer_id = customer_ids.source_customer_id
left join {{ ref('reporting_rates') }} as rates
    on linked.currency = rates.currency
    and linked.restated_date >= rates.valid_from
    and linked.restated_date < rates.valid_until
left join {{ ref('reporting_rates') }} as order_rates
    on linked.order_currency = order_rates.currency
    and linked.restated_date >= order_rates.valid_from
    and linked.restated_date < order_rates.valid_until
