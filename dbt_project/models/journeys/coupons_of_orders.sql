-- every coupon or discount code that an order used, once: a cell may hold several, and codes compare without case
with

cells as (
    select distinct channel, order_id, coupon_code
    from {{ ref('customer_order_lines') }}
    where coupon_code is not null
),

pieces as (
    select channel, order_id, {{ each_piece('coupon_code', ',') }} as piece
    from cells
),

codes as (
    select distinct channel, order_id, upper(trim(piece)) as coupon_code
    from pieces
    where trim(piece) <> ''
)

select
    channel,
    order_id,
    coupon_code,
    cast(count(*) over (partition by channel, order_id) as bigint) as code_count
from codes
