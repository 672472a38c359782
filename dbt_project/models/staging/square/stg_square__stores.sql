with

source as (
    {{ square_sales() }}
),

renamed as (
    select distinct
        'square' as channel,
        location as store_id,
        location as store_name
    from source
    where location is not null
)

select * from {{ in_shape('renamed', 'stores') }} as shaped
