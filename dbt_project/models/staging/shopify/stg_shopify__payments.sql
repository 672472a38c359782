-- the export says how much is still owed and with what was paid, not how much with each of several: that is `mixed`
with

source as (
    select * from {{ landed('shopify', 'orders') }} as rows
),

ordered as (
    {{ shopify_orders('source') }}
),

moved as (
    select
        order_id,
        'payment' as payment_kind,
        coalesce(paid_at, created_at) as paid_at,
        total - coalesce(outstanding_balance, 0) as amount,
        payment_method,
        currency
    from ordered
    where coalesce(lower(financial_status), 'paid') in ('paid', 'partially_paid', 'partially_refunded', 'refunded')
    union all
    select
        order_id,
        'refund' as payment_kind,
        coalesce(cancelled_at, created_at) as paid_at,
        -refunded_amount as amount,
        payment_method,
        currency
    from ordered
    where refunded_amount > 0
),

renamed as (
    select
        ---------- ids
        'shopify' as channel,
        order_id || ':' || payment_kind as payment_id,
        order_id,

        ---------- times
        paid_at,

        ---------- text
        payment_kind,
        case
            when payment_method like '%+%' then 'mixed'
            when lower(payment_method) like '%gift%card%' then 'gift_card'
            when lower(payment_method) like '%store%credit%' then 'store_credit'
            when lower(payment_method) like '%cash%' then 'cash'
            when lower(payment_method) like '%paypal%' or lower(payment_method) like '%wallet%' then 'wallet'
            when lower(payment_method) like '%bank%' then 'bank_transfer'
            when lower(payment_method) like '%shopify payments%' or lower(payment_method) like '%card%' then 'card'
            else 'other'
        end as tender,

        ---------- money
        currency,
        amount as payment_amount
    from moved
    where amount <> 0
)

select * from {{ in_shape('renamed', 'payments') }} as shaped
