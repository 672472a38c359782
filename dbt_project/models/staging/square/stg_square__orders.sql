-- a sale stands in two lists, of transactions and of their items, and either may come later or be cut: what the transaction says counts, and its lines
-- are held against it. Cards sold are apart from gross sales there.
with

sales as (
    {{ square_sales() }}
),

known as (
    select
        transaction_id,
        max(customer_id) as customer_id,
        max(location) as location,
        min(sold_at) as sold_at
    from sales
    where lower(event_type) = 'payment'
    group by transaction_id
),

taken as (
    select
        transaction_id,
        sum(gross_sales) as goods_amount,
        sum(coalesce(gift_card_sales, 0)) as gift_card_amount,
        -sum(coalesce(discounts, 0)) as discount_amount,
        sum(coalesce(tax, 0)) as tax_amount,
        -- what the till took beside its items
        sum(coalesce(tip, 0) + coalesce(service_charges, 0)) as other_amount,
        max(transaction_status) as transaction_status
    from {{ landed('square', 'transactions') }} as rows
    where lower(event_type) = 'payment'
    group by transaction_id
),

sold as (
    select
        transaction_id,
        sum(gross_sales) as gross_amount,
        -sum(coalesce(discounts, 0)) as discount_amount,
        sum(coalesce(tax, 0)) as tax_amount
    from {{ landed('square', 'items') }} as rows
    where lower(event_type) = 'payment'
    group by transaction_id
),

renamed as (
    select
        ---------- ids
        'square' as channel,
        known.transaction_id as order_id,
        known.customer_id as source_customer_id,
        known.location as store_id,

        ---------- times
        known.sold_at as ordered_at,
        {{ business_date('known.sold_at') }} as order_date,
        known.sold_at as fulfilled_at,

        ---------- money
        'USD' as currency,
        coalesce(taken.goods_amount + taken.gift_card_amount, sold.gross_amount) as gross_amount,
        coalesce(taken.discount_amount, sold.discount_amount) as discount_amount,
        0 as shipping_amount,
        coalesce(taken.tax_amount, sold.tax_amount) as tax_amount,
        taken.other_amount,

        ---------- text; the till says complete, pending or voided where it says anything
        coalesce(lower(taken.transaction_status), 'paid') as order_status,
        'store' as fulfilment_type
    from known
    left join taken
        on known.transaction_id = taken.transaction_id
    left join sold
        on known.transaction_id = sold.transaction_id
)

select * from {{ in_shape('renamed', 'orders') }} as shaped
