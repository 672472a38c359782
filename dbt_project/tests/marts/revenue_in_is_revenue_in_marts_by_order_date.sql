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

-- one measure per column and side, so that a day missing on one side counts as nothing there
counted as (
    select
        staged_orders.channel, staged_orders.order_date, staged_orders.currency,
        count(*) as staged_lines, sum(staged_lines.line_amount) as staged_amount, 0 as staged_gross,
        0 as mart_lines, 0 as mart_amount, 0 as goods_amount, 0 as order_count, 0 as order_amount, 0 as gross_with_lines
    from staged_lines
    inner join staged_orders
        on staged_lines.channel = staged_orders.channel
        and staged_lines.order_id = staged_orders.order_id
    group by staged_orders.channel, staged_orders.order_date, staged_orders.currency
    union all
    select
        channel, order_date, currency, 0, 0, sum(gross_amount), 0, 0, 0, 0, 0, 0
    from staged_orders
    group by channel, order_date, currency
    union all
    select
        channel, order_date, currency, 0, 0, 0,
        count(*), sum(line_amount), sum(case when is_goods then line_amount else 0 end), 0, 0, 0
    from {{ ref('order_lines') }}
    group by channel, order_date, currency
    union all
    select
        channel, order_date, currency, 0, 0, 0, 0, 0, 0,
        count(*), sum(gross_amount), sum(case when line_count > 0 then gross_amount else 0 end)
    from {{ ref('orders') }}
    group by channel, order_date, currency
),

days as (
    select
        channel,
        order_date,
        currency,
        sum(staged_lines) as staged_lines,
        sum(mart_lines) as mart_lines,
        sum(coalesce(staged_amount, 0)) as staged_amount,
        sum(coalesce(mart_amount, 0)) as mart_amount,
        sum(coalesce(goods_amount, 0)) as goods_amount,
        sum(coalesce(staged_gross, 0)) as staged_gross,
        sum(order_count) as order_count,
        sum(coalesce(order_amount, 0)) as order_amount,
        sum(coalesce(gross_with_lines, 0)) as gross_with_lines
    from counted
    group by channel, order_date, currency
)

select channel, order_date, staged_lines, mart_lines, staged_amount, mart_amount, order_amount
from days
where staged_lines <> mart_lines
    or staged_amount <> mart_amount
    or abs(gross_with_lines - goods_amount) > 0.005 * order_count
    or abs(staged_gross - order_amount - (mart_amount - goods_amount)) > 0.005 * order_count
