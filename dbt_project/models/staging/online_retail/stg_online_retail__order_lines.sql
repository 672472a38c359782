with

source as (
    select * from {{ landed('online_retail', 'lines') }} as rows
),

renamed as (
    select
        ---------- ids
        'online_retail' as channel,
        invoice_no as order_id,
        row_number() over (partition by invoice_no order by _load_id, _line) as line_number,
        stock_code as sku,

        ---------- text
        description as product_name,

        ---------- money
        quantity,
        unit_price,
        0 as discount_amount,
        quantity * unit_price as line_amount
    from source
)

select * from {{ in_shape('renamed', 'order_lines') }} as shaped
