with

source as (
    select * from {{ landed('youzan', 'orders') }} as rows
),

renamed as (
    select distinct
        'youzan' as channel,
        store_name as store_id,
        store_name as store_name,
        'CN' as country
    from source
    where store_name is not null
)

select * from {{ in_shape('renamed', 'stores') }} as shaped
