-- law: per channel and order date, the lines landed are the lines in marts, the orders' gross is the sum of their lines of goods, and with the lines
-- that are no goods it is the gross that staging yields. Orders whose lines have not come are parked or, where lines never come, count by themselves.
{{ config(tags=['law']) }}
with

staged_orders as (
    {{ union_shape('orders') }}
),

staged_lines as (
    {{ union_shape('order_lines') }}
),

staged as (
    select
        staged_orders.channel,
        staged_orders.order_date,
        staged_orders.currency,
        count(*) as line_count,
        sum(staged_lines.line_amount) as line_amount
    from staged_lines
    inner join staged_orders
        on staged_lines.channel = staged_orders.channel
        and staged_lines.order_id = staged_orders.order_id
    group by staged_orders.channel, staged_orders.order_date, staged_orders.currency
),

staged_gross as (
    select channel, order_date, currency, sum(gross_amount) as gross_amount
    from staged_orders
    group by channel, order_date, currency
),

mart_lines as (
    select channel, order_date, currency, count(*) as line_count, sum(line_amount) as line_amount,
        sum(case when is_goods then line_amount else 0 end) as goods_amount
    from {{ ref('order_lines') }}
    group by channel, order_date, currency
),

mart_orders as (
    select channel, order_date, currency, count(*) as order_count, sum(gross_amount) as gross_amount,
        sum(case when line_count > 0 then gross_amount else 0 end) as gross_with_lines
    from {{ ref('orders') }}
    group by channel, order_date, currency
)

select
    coalesce(staged.channel, mart_lines.channel, mart_orders.channel) as channel,
    coalesce(staged.order_date, mart_lines.order_date, mart_orders.order_date) as order_date,
    staged.line_count as staged_lines,
    mart_lines.line_count as mart_lines,
    staged.line_amount as staged_amount,
    mart_lines.line_amount as mart_amount,
    mart_orders.gross_amount as order_amount
from staged
full outer join mart_lines
    on staged.channel = mart_lines.channel
    and staged.order_date = mart_lines.order_date
    and staged.currency is not distinct from mart_lines.currency
full outer join mart_orders
    on coalesce(staged.channel, mart_lines.channel) = mart_orders.channel
    and coalesce(staged.order_date, mart_lines.order_date) = mart_orders.order_date
    and coalesce(staged.currency, mart_lines.currency) is not distinct from mart_orders.currency
left join staged_gross
    on mart_orders.channel = staged_gross.channel
    and mart_orders.order_date = staged_gross.order_date
    and mart_orders.currency is not distinct from staged_gross.currency
where staged.line_count is distinct from mart_lines.line_count
    or staged.line_amount is distinct from mart_lines.line_amount
    or abs(coalesce(mart_orders.gross_with_lines, 0) - coalesce(mart_lines.goods_amount, 0)) > 0.005 * coalesce(mart_orders.order_count, 0)
    or abs(
        coalesce(staged_gross.gross_amount, 0) - coalesce(mart_orders.gross_amount, 0)
        - coalesce(mart_lines.line_amount - mart_lines.goods_amount, 0)
    ) > 0.005 * coalesce(mart_orders.order_count, 0)
