with

source as (
    select * from {{ landed('purchasing', 'unit_costs') }} as rows
),

renamed as (
    select
        ---------- ids
        'purchasing' as channel,
        product_code,

        ---------- times
        valid_from,

        ---------- money
        upper(currency) as currency,
        unit_cost
    from source
    where unit_cost >= 0
)

select * from {{ in_shape('renamed', 'unit_costs') }} as shaped
