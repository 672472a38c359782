-- an invoice that begins with C gives money back for goods returned: an order of its own with negative lines
with

source as (
    select * from {{ landed('online_retail', 'lines') }} as rows
),

renamed as (
    select
        ---------- ids
        'online_retail' as channel,
        invoice_no as order_id,
        max({{ online_retail_customer_id() }}) as source_customer_id,

        ---------- times
        min(invoiced_at) as ordered_at,
        {{ business_date('min(invoiced_at)') }} as order_date,

        ---------- money
        'GBP' as currency,
        sum(quantity * unit_price) as gross_amount,
        0 as discount_amount,
        0 as shipping_amount,
        0 as tax_amount,

        ---------- text
        case
            when invoice_no like 'C%' then 'return_document'
            when invoice_no like 'A%' then 'adjustment'
            else 'invoiced'
        end as order_status,
        'delivery' as fulfilment_type
    from source
    group by invoice_no
)

select * from {{ in_shape('renamed', 'orders') }} as shaped
