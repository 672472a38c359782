-- law: per channel and order date, the lines landed are the lines in marts, the orders' gross is the sum of their lines of goods, and with the lines
-- that are no goods it is the gross that staging yields. Orders whose lines have not come, or come to another sum, are parked or, where lines
-- never do (vars.channels_without_lines), count by themselves.
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
        0 as mart_lines, 0 as mart_amount, 0 as other_amount, 0 as order_count, 0 as order_amount, 0 as gross_with_lines,
        0 as goods_amount, 0 as rounding_amount
    from staged_lines
    inner join staged_orders
        on staged_lines.channel = staged_orders.channel
        and staged_lines.order_id = staged_orders.order_id
    group by staged_orders.channel, staged_orders.order_date, staged_orders.currency
    union all
    select
        channel, order_date, currency, 0, 0, sum(gross_amount), 0, 0, 0, 0, 0, 0, 0, 0
    from staged_orders
    group by channel, order_date, currency
    union all
    select
        channel, order_date, currency, 0, 0, 0,
        count(*), sum(line_amount), sum(case when is_goods then 0 else line_amount end), 0, 0, 0, 0, 0
    from {{ ref('order_lines') }}
    group by channel, order_date, currency
    union all
    select
        channel, order_date, currency, 0, 0, 0, 0, 0, 0,
        count(*), sum(gross_amount), 0, 0, 0
    from {{ ref('orders') }}
    group by channel, order_date, currency
    union all
    -- one row per order whose lines are there
    select
        channel, order_date, currency, 0, 0, 0, 0, 0, 0, 0, 0, sum(gross_amount), sum(goods_amount), sum(rounding_amount)
    from (
        select
            orders.channel, orders.order_date, orders.currency,
            min(orders.gross_amount) as gross_amount,
            sum(case when lines.is_goods then lines.line_amount else 0 end) as goods_amount,
            0.005 + sum(case when abs(lines.quantity) > 1 then abs(lines.quantity) * 0.005 else 0 end) as rounding_amount
        from {{ ref('orders') }} as orders
        inner join {{ ref('order_lines') }} as lines
            on orders.channel = lines.channel
            and orders.order_id = lines.order_id
        where orders.parked_reason is distinct from 'lines_differ' and {{ has_lines('orders.channel') }}
        group by orders.channel, orders.order_id, orders.order_date, orders.currency
    ) as orders_with_lines
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
        sum(coalesce(other_amount, 0)) as other_amount,
        sum(coalesce(staged_gross, 0)) as staged_gross,
        sum(order_count) as order_count,
        sum(coalesce(order_amount, 0)) as order_amount,
        sum(coalesce(gross_with_lines, 0)) as gross_with_lines,
        sum(coalesce(goods_amount, 0)) as goods_amount,
        sum(coalesce(rounding_amount, 0)) as rounding_amount
    from counted
    group by channel, order_date, currency
)

select channel, order_date, staged_lines, mart_lines, staged_amount, mart_amount, order_amount
from days
where staged_lines <> mart_lines
    or staged_amount <> mart_amount
    or abs(gross_with_lines - goods_amount) > rounding_amount
    or abs(staged_gross - order_amount - other_amount) > 0.005 * order_count
