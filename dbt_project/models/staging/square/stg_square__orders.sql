with

source as (
    select * from {{ landed('square', 'items') }} as rows
    where lower(event_type) = 'payment'
),

renamed as (
    select
        ---------- ids
        'square' as channel,
        transaction_id as order_id,
        max(customer_id) as source_customer_id,
        max(location) as store_id,

        ---------- times
        min(sold_at) as ordered_at,
        {{ business_date('min(sold_at)') }} as order_date,
        min(sold_at) as fulfilled_at,

        ---------- money
        'USD' as currency,
        sum(gross_sales) as gross_amount,
        -sum(coalesce(discounts, 0)) as discount_amount,
        0 as shipping_amount,
        sum(coalesce(tax, 0)) as tax_amount,

        ---------- text
        'paid' as order_status,
        'store' as fulfilment_type
    from source
    group by transaction_id
)

select * from {{ in_shape('renamed', 'orders') }} as shaped
