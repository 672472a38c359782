-- a transaction may be paid with several tenders: one row for each that took something, and the fee on the one that bears fees
with

source as (
    select * from {{ landed('square', 'transactions') }} as rows
),

tendered as (
    select
        transaction_id,
        payment_id,
        sold_at,
        event_type,
        fees,
        {{ each_named(['card', 'cash', 'square_gift_card', 'cash_app', 'other_tender'], 'tender_column', 'tender_amount') }}
    from source
),

renamed as (
    select
        ---------- ids
        'square' as channel,
        -- a refund may stand under the id of what it gives back, and a blank id is that of the transaction
        coalesce(payment_id, transaction_id) || ':' || tender_column
        || case when lower(event_type) = 'refund' then ':refund' else '' end
        || {{ numbered_if_several("transaction_id, coalesce(payment_id, transaction_id), tender_column, lower(event_type)", "sold_at, tender_amount") }}
            as payment_id,
        transaction_id as order_id,

        ---------- times
        sold_at as paid_at,

        ---------- text
        case when lower(event_type) = 'refund' then 'refund' else 'payment' end as payment_kind,
        case tender_column
            when 'square_gift_card' then 'gift_card'
            when 'cash_app' then 'wallet'
            when 'other_tender' then 'other'
            else tender_column
        end as tender,

        ---------- money
        'USD' as currency,
        tender_amount as payment_amount,
        case when tender_column = 'card' then -coalesce(fees, 0) else 0 end as fee_amount
    from tendered
    where tender_amount <> 0
)

select * from {{ in_shape('renamed', 'payments') }} as shaped
