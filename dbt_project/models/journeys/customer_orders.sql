-- every order once, with its customer, what it is worth in the reporting currency, and what was given back of it; one that was
-- cancelled or never paid keeps its amounts and is worth nothing
with

orders as (
    {{ union_shape('orders') }}
),

linked_refunds as (
    select
        channel,
        order_id,
        sum(amount_in_order_currency) as refunded_amount,
        sum(refund_revenue) as refunded_revenue
    from {{ ref('customer_refunds') }}
    where is_linked
    group by channel, order_id
),

lines as (
    select
        channel,
        order_id,
        count(*) as line_count,
        sum(quantity) as item_quantity,
        -- known only where it is of every line: part of a cost would pass for margin
        case when count(unit_cost * quantity) = count(*) then sum(unit_cost * quantity) end as cost_amount,
        max(coupon_code) as coupon_code
    from {{ ref('customer_order_lines') }}
    group by channel, order_id
),

valued as (
    select
        orders.channel,
        orders.order_id,
        orders.order_number,
        orders.source_customer_id,
        customer_ids.customer_id,
        orders.ordered_at,
        orders.order_date,
        orders.fulfilled_at,
        orders.store_id,
        orders.order_status,
        {{ is_sale('orders.order_status') }} as is_sale,
        orders.fulfilment_type,
        lines.coupon_code,
        coalesce(lines.line_count, 0) as line_count,
        lines.item_quantity,
        orders.currency,
        orders.gross_amount,
        {{ is_sale('orders.order_status') }} and orders.gross_amount > 0 as is_conversion,
        coalesce(orders.discount_amount, 0) as discount_amount,
        coalesce(orders.shipping_amount, 0) as shipping_amount,
        coalesce(orders.tax_amount, 0) as tax_amount,
        coalesce(linked_refunds.refunded_amount, 0) as refunded_amount,
        -- nothing is nothing in any currency: exports leave it out on what was cancelled
        cast(case when orders.gross_amount = 0 then 0 else round(orders.gross_amount * rates.rate, 2) end as decimal(18, 2)) as gross_revenue,
        cast(
            case when coalesce(orders.discount_amount, 0) = 0 then 0 else round(orders.discount_amount * rates.rate, 2) end as decimal(18, 2)
        ) as discount_revenue,
        coalesce(linked_refunds.refunded_revenue, 0) as refunded_revenue,
        cast(round(lines.cost_amount * rates.rate, 2) as decimal(18, 2)) as cost
    from orders
    left join {{ source('identity', 'customer_ids') }} as customer_ids
        on orders.channel = customer_ids.channel
        and orders.source_customer_id = customer_ids.source_customer_id
    left join {{ ref('reporting_rates') }} as rates
        on orders.currency = rates.currency
        and orders.order_date >= rates.valid_from
        and orders.order_date < rates.valid_until
    left join lines
        on orders.channel = lines.channel
        and orders.order_id = lines.order_id
    left join linked_refunds
        on orders.channel = linked_refunds.channel
        and orders.order_id = linked_refunds.order_id
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
    fulfilment_type,
    coupon_code,
    line_count,
    item_quantity,
    currency,
    gross_amount,
    discount_amount,
    shipping_amount,
    tax_amount,
    cast(refunded_amount as decimal(18, 2)) as refunded_amount,
    cast(case when is_sale then gross_amount - discount_amount - refunded_amount else 0 end as decimal(18, 2)) as net_amount,
    cast(case when is_sale then gross_revenue else 0 end as decimal(18, 2)) as gross_revenue,
    cast(case when is_sale then discount_revenue else 0 end as decimal(18, 2)) as discount_revenue,
    cast(refunded_revenue as decimal(18, 2)) as refunded_revenue,
    cast(case when is_sale then gross_revenue - discount_revenue - refunded_revenue else 0 end as decimal(18, 2)) as net_revenue,
    case when is_sale then cost end as cost,
    customer_id is null as is_anonymous,
    is_conversion,
    case
        when customer_id is not null and is_conversion
            then row_number() over (partition by customer_id, is_conversion order by ordered_at, channel, order_id)
    end as customer_order_number
from valued
