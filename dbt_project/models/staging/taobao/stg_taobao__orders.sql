-- vouchers and points are the marketplace's: it pays the seller what they take off the buyer's bill; what else the total lacks is the seller's
with

source as (
    select * from {{ landed('taobao', 'orders') }} as rows
),

renamed as (
    select
        ---------- ids
        'taobao' as channel,
        order_id,
        _key_customer as source_customer_id,
        distributor_store as store_id,

        ---------- times
        created_at as ordered_at,
        {{ business_date('created_at') }} as order_date,

        ---------- money
        'CNY' as currency,
        goods_amount as gross_amount,
        {{ taobao_seller_discount() }} as discount_amount,
        coalesce(coupon_amount, 0) + coalesce(points_amount, 0) as platform_discount_amount,
        coalesce(shipping_amount, 0) as shipping_amount,
        0 as tax_amount,
        -- a seller may raise what is to be paid by hand, which is no item's price
        greatest(total_amount + coalesce(coupon_amount, 0) + coalesce(points_amount, 0) - goods_amount - coalesce(shipping_amount, 0), 0) as other_amount,

        ---------- text
        case
            when order_status = '交易成功' then 'completed'
            when order_status like '交易关闭%' then 'cancelled'
            when order_status = '等待买家付款' then 'pending'
            -- a deposit is paid back or kept, and the goods are sold with the rest
            when order_status like '%尾款未付%' or order_status like '%定金未付%' then 'pending'
            when order_status like '买家已付款%' then 'paid'
            when order_status like '卖家已发货%' then 'shipped'
            when order_status like '卖家部分发货%' then 'partially_shipped'
            when order_status in ('付款确认中', '没有创建支付宝交易') then 'pending'
            else order_status
        end as order_status,
        'delivery' as fulfilment_type
    from source
)

select * from {{ in_shape('renamed', 'orders') }} as shaped
