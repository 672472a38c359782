-- what each customer bought on each business date up to as_of_date, net of refunds: linked refunds stand on their order's
-- date, others on their own. Customers who denied profiling are left out.
with

movements as (
    select
        customer_id,
        order_date as purchase_date,
        coalesce(net_revenue, 0) as net_amount,
        coalesce(gross_revenue, 0) as gross_revenue,
        1 as order_count,
        is_parked
    from {{ ref('customer_orders') }}
    where customer_id is not null and is_sale
    union all
    select
        customer_id,
        restated_date as purchase_date,
        -coalesce(refund_revenue, 0) as net_amount,
        0 as gross_revenue,
        0 as order_count,
        false as is_parked
    from {{ ref('customer_refunds') }}
    where customer_id is not null and {{ is_unlinked_refund() }}
),

data_start as (
    select min(purchase_date) as first_date
    from movements
    where order_count > 0
),

-- an account that is older than the data may hide purchases that we never saw
customers_before_data as (
    select distinct customer_ids.customer_id
    from {{ ref('customer_records') }} as records
    inner join {{ source('identity', 'customer_ids') }} as customer_ids
        on records.channel = customer_ids.channel
        and records.source_customer_id = customer_ids.source_customer_id
    cross join data_start
    where records.record_kind in ('account', 'member')
        and {{ business_date('records.created_at') }} < data_start.first_date
)

select
    movements.customer_id,
    movements.purchase_date,
    cast(sum(movements.net_amount) as decimal(18, 2)) as net_amount,
    cast(sum(movements.gross_revenue) as decimal(18, 2)) as gross_revenue,
    cast(sum(movements.order_count) as bigint) as order_count,
    -- a parked sale is a purchase of an amount not known yet: it lapses nobody
    sum(movements.net_amount) > 0 or bool_or(movements.is_parked) as is_purchase_day,
    bool_or(customers_before_data.customer_id is not null) as has_earlier_purchases
from movements
inner join {{ ref('customer_consents') }} as consents
    on movements.customer_id = consents.customer_id
left join customers_before_data
    on movements.customer_id = customers_before_data.customer_id
where {{ may_be_profiled('consents') }}
    and movements.purchase_date <= {{ as_of_date() }}
group by movements.customer_id, movements.purchase_date
