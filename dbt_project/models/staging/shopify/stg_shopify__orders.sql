with

source as (
    select * from {{ landed('shopify', 'orders') }} as rows
),

-- order-level cells stand on every line: landing fills them down
ordered as (
    select
        coalesce(order_id, order_name) as order_id,
        max(order_name) as order_number,
        sum(lineitem_quantity * lineitem_price) as gross_amount,
        max(email) as email,
        max(coalesce(phone, billing_phone)) as phone,
        max(billing_name) as billing_name,
        max(billing_address1) as billing_address1,
        max(created_at) as created_at,
        max(location) as location,
        max(currency) as currency,
        max(discount_amount) as discount_amount,
        max(shipping) as shipping,
        max(taxes) as taxes,
        max(financial_status) as financial_status,
        max(cancelled_at) as cancelled_at,
        max(shipping_method) as shipping_method,
        max(fulfilled_at) as fulfilled_at
    from source
    group by coalesce(order_id, order_name)
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
        gross_amount,
        discount_amount,
        shipping as shipping_amount,
        taxes as tax_amount,

        ---------- text
        case when cancelled_at is not null then 'cancelled' else lower(financial_status) end as order_status,
        case
            when location is not null then 'store'
            when lower(shipping_method) like '%pickup%' then 'pickup'
            else 'delivery'
        end as fulfilment_type
    from ordered
)

select * from {{ in_shape('renamed', 'orders') }} as shaped
