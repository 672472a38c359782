-- a loyalty card shown at the till: the sale names the member
with

source as (
    {{ square_sales() }}
),

renamed as (
    select
        ---------- ids
        'square' as channel,
        customer_id as source_customer_id,
        'loyalty' as linked_channel,
        customer_reference_id as linked_customer_id,

        ---------- times
        min(sold_at) as linked_at
    from source
    where customer_id is not null and customer_reference_id is not null
    group by customer_id, customer_reference_id
)

select * from {{ in_shape('renamed', 'links') }} as shaped
