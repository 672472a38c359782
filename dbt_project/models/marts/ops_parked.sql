-- what waits and why: orders and refunds that stand in the marts without revenue until what they wait for is there, lines of sales that count as
-- no goods until somebody says what they sell, and lines whose order has not come
with

waiting as (
    select
        'orders' as found_in,
        channel,
        parked_reason,
        case parked_reason when 'no_rate' then currency when 'unknown_status' then order_status end as waits_for,
        currency,
        order_date as business_date,
        gross_amount - discount_amount as amount
    from {{ ref('customer_orders') }}
    where is_parked
    union all
    select
        'refunds' as found_in,
        channel,
        parked_reason,
        case when parked_reason = 'no_rate' then currency end as waits_for,
        currency,
        refund_date as business_date,
        amount
    from {{ ref('customer_refunds') }}
    where parked_reason is not null and not is_return_document
    union all
    select
        'order_lines' as found_in,
        lines.channel,
        'undeclared' as parked_reason,
        lines.product_name as waits_for,
        orders.currency,
        orders.order_date as business_date,
        lines.line_amount - coalesce(lines.discount_amount, 0) as amount
    from {{ ref('customer_order_lines') }} as lines
    inner join {{ ref('customer_orders') }} as orders
        on lines.channel = orders.channel
        and lines.order_id = orders.order_id
    where lines.line_kind = 'undeclared' and orders.is_sale
    union all
    -- the order says the day and the currency
    select
        'order_lines' as found_in,
        lines.channel,
        'no_order' as parked_reason,
        cast(null as string) as waits_for,
        cast(null as string) as currency,
        cast(null as date) as business_date,
        cast(null as decimal(18, 2)) as amount
    from {{ ref('customer_order_lines') }} as lines
    left join {{ ref('customer_orders') }} as orders
        on lines.channel = orders.channel
        and lines.order_id = orders.order_id
    where orders.order_id is null
)

select
    found_in,
    channel,
    parked_reason,
    waits_for,
    currency,
    count(*) as row_count,
    min(business_date) as first_date,
    max(business_date) as last_date,
    cast(sum(amount) as decimal(18, 2)) as amount
from waiting
group by found_in, channel, parked_reason, waits_for, currency
