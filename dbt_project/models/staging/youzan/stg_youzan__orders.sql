with

source as (
    select * from {{ landed('youzan', 'orders') }} as rows
    qualify row_number() over (partition by order_id order by _line desc) = 1
),

renamed as (
    select
        ---------- ids
        'youzan' as channel,
        order_id,
        {{ youzan_buyer_id() }} as source_customer_id,
        store_name as store_id,

        ---------- times
        created_at as ordered_at,
        {{ business_date('created_at') }} as order_date,

        ---------- money
        'CNY' as currency,
        goods_amount as gross_amount,
        coalesce(shop_discount_amount, 0) + coalesce(payment_discount_amount, 0) - {{ youzan_platform_discount() }} as discount_amount,
        {{ youzan_platform_discount() }} as platform_discount_amount,
        shipping_amount,
        0 as tax_amount,

        ---------- text
        case order_status
            when '交易完成' then 'completed'
            when '交易成功' then 'completed'
            when '已完成' then 'completed'
            when '交易关闭' then 'cancelled'
            when '已关闭' then 'cancelled'
            when '待发货' then 'paid'
            when '已发货' then 'shipped'
            when '待成团' then 'paid'
            when '待接单' then 'paid'
            when '待提货' then 'paid'
            when '部分发货' then 'partially_shipped'
            when '待付款' then 'pending'
            when '待支付' then 'pending'
            when '已取消' then 'cancelled'
            else order_status
        end as order_status,
        case when delivery_type like '%自提%' then 'pickup' else 'delivery' end as fulfilment_type
    from source
)

select * from {{ in_shape('renamed', 'orders') }} as shaped
