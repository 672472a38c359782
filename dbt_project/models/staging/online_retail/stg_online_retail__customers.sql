with

source as (
    select * from {{ landed('online_retail', 'lines') }} as rows
    where customer_id is not null
),

renamed as (
    select
        ---------- ids
        'online_retail' as channel,
        {{ online_retail_customer_id() }} as source_customer_id,
        'account' as record_kind,
        'buyer' as contact_role,

        ---------- address
        {{ told_last('country', 'invoiced_at') }} as country,

        ---------- times
        min(invoiced_at) as created_at,
        max(invoiced_at) as updated_at
    from source
    group by {{ online_retail_customer_id() }}
)

select * from {{ in_shape('renamed', 'customers') }} as shaped
