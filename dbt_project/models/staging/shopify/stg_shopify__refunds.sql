-- the export says how much of an order was refunded, tax and shipping included, not when: the refund bears the day of the cancellation, else of
-- the order
with

source as (
    select * from {{ landed('shopify', 'orders') }} as rows
),

refunded as (
    select
        order_id,
        max(currency) as currency,
        max(refunded_amount) as refunded_amount,
        coalesce(max(cancelled_at), max(created_at)) as refunded_at
    from source
    group by order_id
),

renamed as (
    select
        ---------- ids
        'shopify' as channel,
        order_id || ':refund' as refund_id,
        order_id,

        ---------- times
        refunded_at,
        {{ business_date('refunded_at') }} as refund_date,

        ---------- money
        currency,
        refunded_amount as amount
    from refunded
    where refunded_amount > 0
)

select * from {{ in_shape('renamed', 'refunds') }} as shaped
