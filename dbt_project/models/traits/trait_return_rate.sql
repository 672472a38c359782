-- refunds ÷ gross revenue of everything bought up to as_of_date; above 1 where more came back than was seen bought
with

bought as (
    select customer_id, sum(gross_revenue) as gross_revenue
    from {{ ref('profiled_orders') }}
    group by customer_id
    having sum(gross_revenue) > 0
),

returned as (
    select customer_id, sum(refund_revenue) as refund_revenue
    from {{ ref('customer_refunds') }}
    where restated_date <= {{ as_of_date() }}
    group by customer_id
)

select
    bought.customer_id,
    cast(null as string) as text_value,
    cast(coalesce(returned.refund_revenue, 0) as double) / cast(bought.gross_revenue as double) as number_value
from bought
left join returned
    on bought.customer_id = returned.customer_id
