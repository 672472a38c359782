-- what the buyer paid with; a promotion of the payment service is no payment of the buyer's
with

source as (
    select * from {{ landed('youzan', 'orders') }} as rows
    qualify row_number() over (partition by order_id order by _line desc) = 1
),

renamed as (
    select
        ---------- ids
        'youzan' as channel,
        -- orders that are paid together share one reference
        case
            when payment_reference is null then order_id
            when count(*) over (partition by payment_reference) > 1 then payment_reference || ':' || order_id
            else payment_reference
        end as payment_id,
        order_id,

        ---------- times
        coalesce(paid_at, created_at) as paid_at,

        ---------- text
        'payment' as payment_kind,
        case
            when payment_method like '%储值%' then 'store_credit'
            when payment_method like '%礼品卡%' then 'gift_card'
            when payment_method like '%微信%' or payment_method like '%支付宝%' then 'wallet'
            when payment_method like '%现金%' then 'cash'
            when payment_method like '%银行%' then 'bank_transfer'
            else 'other'
        end as tender,

        ---------- money
        'CNY' as currency,
        paid_amount as payment_amount
    from source
    where paid_amount <> 0
)

select * from {{ in_shape('renamed', 'payments') }} as shaped
