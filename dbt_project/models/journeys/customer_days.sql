-- what each customer bought on each business date, net of refunds: linked refunds on their order's date, others on their own
with

movements as (
    select customer_id, order_date as business_date, net_revenue, gross_revenue, 1 as order_count
    from {{ ref('customer_orders') }}
    where customer_id is not null
    union all
    select customer_id, restated_date as business_date, -refund_revenue as net_revenue, 0 as gross_revenue, 0 as order_count
    from {{ ref('customer_refunds') }}
    where customer_id is not null and not is_linked and not is_return_document
)

select
    movements.customer_id,
    movements.business_date,
    cast(sum(movements.net_revenue) as decimal(18, 2)) as net_revenue,
    cast(sum(movements.gross_revenue) as decimal(18, 2)) as gross_revenue,
    sum(movements.order_count) as order_count,
    sum(movements.net_revenue) > 0 as is_purchase_day,
    bool_and(consents.is_profiled) as is_profiled
from movements
inner join {{ ref('customer_consents') }} as consents
    on movements.customer_id = consents.customer_id
group by movements.customer_id, movements.business_date
