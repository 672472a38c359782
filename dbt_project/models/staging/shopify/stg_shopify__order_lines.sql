-- a line that is neither shipped nor taxed may be a gift card, a tip or a download: the export's fields cannot tell which, so it is `undeclared`
-- until the retailer's list (data/reference/line_kinds.csv) says what it is
{%- set share = 'case when coalesce(source.lineitem_taxable, true) or not ordered.has_taxed_lines then ordered.share_without_tax end' %}
with

source as (
    select * from {{ landed('shopify', 'orders') }} as rows
),

ordered as (
    {{ shopify_orders('source') }}
),

renamed as (
    select
        ---------- ids
        'shopify' as channel,
        source.order_id,
        row_number() over (partition by source.order_id order by source._line) as line_number,
        source.lineitem_sku as sku,

        ---------- text
        source.lineitem_name as product_name,
        nullif(trim(source.discount_code), '') as coupon_code,
        case when not source.lineitem_requires_shipping and not source.lineitem_taxable then 'undeclared' end as line_kind,

        ---------- money, without the tax that a price includes
        source.lineitem_quantity as quantity,
        {{ without_tax('source.lineitem_price', share) }} as unit_price,
        {{ without_tax('coalesce(source.lineitem_discount, 0)', share) }} as discount_amount,
        {{ without_tax('source.lineitem_quantity * source.lineitem_price', share) }} as line_amount
    from source
    inner join ordered
        on source.order_id = ordered.order_id
)

select * from {{ in_shape('renamed', 'order_lines') }} as shaped
