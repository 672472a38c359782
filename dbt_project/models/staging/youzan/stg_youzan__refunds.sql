-- the export says how much of an order was refunded, shipping included, not when: the refund bears the order's day
with

source as (
    select * from {{ landed('youzan', 'orders') }} as rows
    qualify row_number() over (partition by order_id order by _line desc) = 1
),

renamed as (
    select
        ---------- ids
        'youzan' as channel,
        order_id || ':refund' as refund_id,
        order_id,

        ---------- times
        created_at as refunded_at,
        {{ business_date('created_at') }} as refund_date,

        ---------- money
        'CNY' as currency,
        refunded_amount as amount
    from source
    where refunded_amount > 0
)

select * from {{ in_shape('renamed', 'refunds') }} as shaped
