with

source as (
    select * from {{ landed('youzan', 'orders') }} as rows
),

renamed as (
    select distinct
        'youzan' as channel,
        store_name as store_id,
        store_name as store_name,
        cast(null as varchar) as city,
        'CN' as country
    from source
    where store_name is not null
)

select * from renamed
