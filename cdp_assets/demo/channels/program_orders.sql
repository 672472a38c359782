{#
holes:
  factor: 6.5
  delivery: 8
  borne: 0.5
#}
create or replace temp table program_orders as
with goods as (
    select candidate, string_agg(product_name || 'x' || quantity, ';' order by line_number)
        as goods, count(*) as kinds
    from lines where channel = 'youzan' group by candidate
)
select
    program_checkouts.*,
    local_at, refunded_at, refund_share, goods, kinds,
    round(orders.gross * {{ factor }}, 2)::decimal(18, 2) as gross,
    round(orders.discount * {{ factor }}, 2)::decimal(18, 2) as discount,
    round((round(orders.gross * {{ factor }}, 2) - round(orders.discount * {{ factor }}, 2)) * refund_share,
        2)::decimal(18, 2)
        as refunded,
    if(is_picked_up or orders.net > 25, 0, {{ delivery }})::decimal(18, 2) as shipping,
    -- what a payment service gives the buyer and pays the shop
    if(orders.net > 3 and u('platform pays', candidate) < {{ borne }}, 1, 0)::decimal(18, 2) as borne,
    round((round(orders.gross * {{ factor }}, 2) - round(orders.discount * {{ factor }}, 2) + shipping - borne) * refund_share,
        2)::decimal(18, 2)
        as refunded_money
from program_checkouts
join orders using (candidate)
join goods using (candidate)
order by program_checkouts.order_no
