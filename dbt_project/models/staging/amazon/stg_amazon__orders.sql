-- the report names no buyer: its orders stay anonymous; item prices are those of the whole line, with the tax in them where the marketplace's
-- buyers see prices so
with

source as (
    select
        *,
        {{ amazon_sold() }} as sold
    from {{ landed('amazon', 'orders') }} as rows
),

ordered as (
    select
        order_id,
        max(sales_channel) as sales_channel,
        min(purchased_at) as purchased_at,
        -- amounts of two currencies are not added up
        case when min(currency) = max(currency) then max(currency) end as currency,
        lower(max(order_status)) as order_status,
        sum(sold * {{ amazon_without_tax('item_price', 'item_tax') }}) as gross_amount,
        abs(sum(sold * coalesce(item_promotion_discount, 0))) as discount_amount,
        sum(sold * ({{ amazon_without_tax('shipping_price', 'shipping_tax') }} + {{ amazon_without_tax('gift_wrap_price', 'gift_wrap_tax') }}))
            - abs(sum(sold * coalesce(ship_promotion_discount, 0))) as shipping_amount,
        sum(sold * (coalesce(item_tax, 0) + coalesce(shipping_tax, 0) + coalesce(gift_wrap_tax, 0))) as tax_amount
    from source
    group by order_id
),

renamed as (
    select
        ---------- ids
        'amazon' as channel,
        order_id,
        sales_channel as store_id,

        ---------- times
        purchased_at as ordered_at,
        {{ business_date('purchased_at') }} as order_date,

        ---------- money
        currency,
        gross_amount,
        discount_amount,
        shipping_amount,
        tax_amount,

        ---------- text; what was sent and did not stay is given back by the marketplace, and no file of its tells of it
        case
            when order_status in ('shipped - delivered to buyer', 'shipped - out for delivery', 'shipped - picked up') then 'shipped'
            when order_status in (
                'shipped - returned to seller', 'shipped - returning to seller', 'shipped - rejected by buyer', 'shipped - undeliverable',
                'shipped - lost in transit', 'shipped - damaged'
            ) then 'returned'
            when order_status = 'pending - waiting for pick up' then 'unshipped'
            when order_status = 'shipping' then 'shipped'
            when order_status = 'invoiceunconfirmed' then 'invoicing'
            when order_status = 'pendingavailability' then 'pending'
            when order_status = 'partiallyshipped' then 'partially_shipped'
            else order_status
        end as order_status,
        'delivery' as fulfilment_type
    from ordered
)

select * from {{ in_shape('renamed', 'orders') }} as shaped
