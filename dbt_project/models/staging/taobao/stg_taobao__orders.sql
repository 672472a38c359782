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
        coalesce(coupon_amount, 0) + coalesce(points_amount, 0) as discount_amount,
        coalesce(shipping_amount, 0) as shipping_amount,
        0 as tax_amount,

        ---------- text
        case order_status when '交易成功' then 'completed' when '交易关闭' then 'cancelled' when '等待买家付款' then 'pending' when '买家已付款' then 'paid' when '卖家已发货' then 'shipped' else order_status end as order_status,
        'delivery' as fulfilment_type
    from source
)

select * from {{ in_shape('renamed', 'orders') }} as shaped
