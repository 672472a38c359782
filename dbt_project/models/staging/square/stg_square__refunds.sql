-- a refunded item is a row of its own with negative money; it names the sale where the till knew it. What was given back without an item stands in
-- the list of transactions alone, also of a sale of which items came back on another day; where both lists give back as much, they tell of the same
with

items as (
    select * from {{ landed('square', 'items') }} as rows
    where lower(event_type) = 'refund'
),

repaid as (
    select * from {{ landed('square', 'transactions') }} as rows
    where lower(event_type) = 'refund'
),

told as (
    select transaction_id, sum(net_sales + coalesce(tax, 0)) as amount
    from items
    group by transaction_id
),

untold as (
    select repaid.transaction_id, sum(repaid.net_sales + coalesce(repaid.tax, 0)) as amount
    from repaid
    group by repaid.transaction_id
),

transactions as (
    select repaid.*
    from repaid
    inner join untold
        on repaid.transaction_id = untold.transaction_id
    left join told
        on repaid.transaction_id = told.transaction_id
    where told.transaction_id is null
        -- an item names its refund by its id, or where that cell is blank by its time
        or (
            untold.amount < told.amount
            and repaid.payment_id not in (select payment_id from items where payment_id is not null)
            and not exists (
                select 1 from items
                where items.payment_id is null and items.transaction_id = repaid.transaction_id and items.sold_at = repaid.sold_at
            )
        )
),

given_back as (
    -- a gift card or a donation that comes back was no goods when it was sold
    select
        transaction_id, customer_id, sold_at, payment_id, sku, item, net_sales, tax, quantity, -net_sales - coalesce(tax, 0) as amount,
        case when {{ square_line_kind() }} is null then -net_sales else 0 end as goods_amount
    from items
    union all
    select
        transaction_id, customer_id, sold_at, payment_id, null as sku, null as item, net_sales, tax, null as quantity, -total_collected as amount,
        -net_sales as goods_amount
    from transactions
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
        amount,
        goods_amount,
        -coalesce(tax, 0) as tax_amount,
        cast(0 as decimal(18, 2)) as shipping_amount,
        abs(quantity) as quantity,
        sku
    from given_back
)

select * from {{ in_shape('renamed', 'refunds') }} as shaped
