-- the till's customer directory as its sales name it: one row per customer id, the latest name winning
with

sales as (
    {{ square_sales() }}
),

source as (
    select * from sales
    where customer_id is not null
),

renamed as (
    select
        ---------- ids
        'square' as channel,
        customer_id as source_customer_id,
        'account' as record_kind,
        'buyer' as contact_role,
        max(customer_reference_id) as loyalty_id,

        ---------- person
        {{ told_last('customer_name', 'sold_at') }} as full_name,

        ---------- times
        min(sold_at) as created_at,
        max(sold_at) as updated_at
    from source
    group by customer_id
)

select * from {{ in_shape('renamed', 'customers') }} as shaped
