with

source as (
    select * from {{ landed('square', 'items') }} as rows
    where lower(event_type) = 'payment'
),

-- what the till took beside its items
taken as (
    select
        transaction_id,
        sum(coalesce(tip, 0) + coalesce(service_charges, 0)) as other_amount,
        max(transaction_status) as transaction_status
    from {{ landed('square', 'transactions') }} as rows
    where lower(event_type) = 'payment'
    group by transaction_id
),

sold as (
    select
        transaction_id,
        max(customer_id) as customer_id,
        max(location) as location,
        min(sold_at) as sold_at,
        sum(gross_sales) as gross_amount,
        -sum(coalesce(discounts, 0)) as discount_amount,
        sum(coalesce(tax, 0)) as tax_amount
    from source
    group by transaction_id
),

renamed as (
    select
        ---------- ids
        'square' as channel,
        sold.transaction_id as order_id,
        sold.customer_id as source_customer_id,
        sold.location as store_id,

        ---------- times
        sold.sold_at as ordered_at,
        {{ business_date('sold.sold_at') }} as order_date,
        sold.sold_at as fulfilled_at,

        ---------- money
        'USD' as currency,
        sold.gross_amount,
        sold.discount_amount,
        0 as shipping_amount,
        sold.tax_amount,
        taken.other_amount,

        ---------- text; the till says complete, pending or voided where it says anything
        coalesce(lower(taken.transaction_status), 'paid') as order_status,
        'store' as fulfilment_type
    from sold
    left join taken
        on sold.transaction_id = taken.transaction_id
)

select * from {{ in_shape('renamed', 'orders') }} as shaped
