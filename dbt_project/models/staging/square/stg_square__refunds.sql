-- a refunded item is a row of its own with negative money; it names the sale where the till knew it
with

source as (
    select * from {{ landed('square', 'items') }} as rows
    where lower(event_type) = 'refund'
),

renamed as (
    select
        ---------- ids
        'square' as channel,
        transaction_id || ':refund:' || row_number() over (
            partition by transaction_id
            order by sold_at, payment_id, sku, item, net_sales
        ) as refund_id,
        transaction_id as order_id,
        customer_id as source_customer_id,

        ---------- times
        sold_at as refunded_at,
        {{ business_date('sold_at') }} as refund_date,

        ---------- money
        'USD' as currency,
        -net_sales - coalesce(tax, 0) as amount,
        -net_sales as goods_amount,
        -coalesce(tax, 0) as tax_amount,
        cast(0 as decimal(18, 2)) as shipping_amount,
        abs(quantity) as quantity,
        sku
    from source
)

select * from {{ in_shape('renamed', 'refunds') }} as shaped
