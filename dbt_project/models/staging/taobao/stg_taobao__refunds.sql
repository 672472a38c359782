-- an item that was closed within an order that goes on was given back to the buyer, with its part of what was taken off the order; newer lists
-- say how much went back in all. Neither says when: the refund bears the order's day
with

orders as (
    select
        *,
        greatest(goods_amount - {{ taobao_seller_discount() }} - coalesce(coupon_amount, 0) - coalesce(points_amount, 0), 0) as paid_for_goods
    from {{ landed('taobao', 'orders') }} as rows
    where order_status not like '交易关闭%'
),

items as (
    select
        order_id,
        sum(quantity * unit_price) as items_amount,
        sum(case when order_status like '交易关闭%' then quantity * unit_price else 0 end) as closed_amount
    from {{ landed('taobao', 'items') }} as rows
    group by order_id
),

given_back as (
    select
        orders.order_id,
        orders.created_at,
        orders.refunded_amount,
        coalesce({{ divided_money('orders.paid_for_goods * items.closed_amount', 'items.items_amount') }}, 0) as closed_amount
    from orders
    left join items
        on orders.order_id = items.order_id
),

renamed as (
    select
        ---------- ids
        'taobao' as channel,
        order_id || ':refund' as refund_id,
        order_id,

        ---------- times
        created_at as refunded_at,
        {{ business_date('created_at') }} as refund_date,

        ---------- money
        'CNY' as currency,
        greatest(coalesce(refunded_amount, 0), closed_amount) as amount,
        case when coalesce(refunded_amount, 0) <= closed_amount then closed_amount end as goods_amount
    from given_back
    where refunded_amount > 0 or closed_amount > 0
)

select * from {{ in_shape('renamed', 'refunds') }} as shaped
