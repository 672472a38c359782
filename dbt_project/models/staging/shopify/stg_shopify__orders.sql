with

source as (
    select * from {{ landed('shopify', 'orders') }} as rows
),

ordered as (
    {{ shopify_orders('source') }}
),

renamed as (
    select
        ---------- ids
        'shopify' as channel,
        order_id,
        order_number,
        case
            when email is not null or phone is not null or (billing_name is not null and billing_address1 is not null)
                then 'guest:' || order_id
        end as source_customer_id,
        location as store_id,

        ---------- times
        created_at as ordered_at,
        {{ business_date('created_at') }} as order_date,
        fulfilled_at,

        ---------- money
        currency,
        {{ without_tax('goods_stated', 'lines_share_without_tax') }} as gross_amount,
        {{ without_tax('goods_discount', 'discount_share_without_tax') }} as discount_amount,
        {{ without_tax('shipping_paid', 'share_without_tax') }} as shipping_amount,
        coalesce(taxes + duties, taxes, duties) as tax_amount,

        ---------- text; a blank status is that of an order that nobody owes anything for, else it is not paid
        case
            when cancelled_at is not null then 'cancelled'
            when lower(payment_method) like '%bogus%' then 'test'
            when financial_status is not null then lower(financial_status)
            when paid_at is not null or total = 0 then 'paid'
            else 'unpaid'
        end as order_status,
        case
            when location is not null then 'store'
            when lower(shipping_method) like '%pickup%' then 'pickup'
            else 'delivery'
        end as fulfilment_type
    from ordered
)

select * from {{ in_shape('renamed', 'orders') }} as shaped
