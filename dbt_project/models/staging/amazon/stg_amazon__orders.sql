-- the report names no buyer: its orders stay anonymous; item prices are those of the whole line
with

source as (
    select * from {{ landed('amazon', 'orders') }} as rows
),

renamed as (
    select
        ---------- ids
        'amazon' as channel,
        order_id,
        max(sales_channel) as store_id,

        ---------- times
        min(purchased_at) as ordered_at,
        {{ business_date('min(purchased_at)') }} as order_date,

        ---------- money
        max(currency) as currency,
        sum(coalesce(item_price, 0)) as gross_amount,
        abs(sum(coalesce(item_promotion_discount, 0))) + abs(sum(coalesce(ship_promotion_discount, 0))) as discount_amount,
        sum(coalesce(shipping_price, 0) + coalesce(gift_wrap_price, 0)) as shipping_amount,
        sum(coalesce(item_tax, 0) + coalesce(shipping_tax, 0) + coalesce(gift_wrap_tax, 0)) as tax_amount,

        ---------- text
        lower(max(order_status)) as order_status,
        'delivery' as fulfilment_type
    from source
    group by order_id
)

select * from {{ in_shape('renamed', 'orders') }} as shaped
