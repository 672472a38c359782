{#- The shared shapes that staging yields: columns and types, in order. The one definition that every union and every staging model follows. -#}
{% macro shape_columns(shape) -%}
    {%- set shapes = {
        'customers': [
            ('channel', 'varchar'), ('source_customer_id', 'varchar'), ('record_kind', 'varchar'), ('contact_role', 'varchar'),
            ('full_name', 'varchar'), ('given_name', 'varchar'), ('family_name', 'varchar'), ('phone', 'varchar'), ('email', 'varchar'),
            ('birth_date', 'varchar'), ('gender', 'varchar'), ('national_id', 'varchar'),
            ('street', 'varchar'), ('city', 'varchar'), ('region', 'varchar'), ('postcode', 'varchar'), ('country', 'varchar'),
            ('loyalty_id', 'varchar'), ('platform_id', 'varchar'), ('created_at', 'timestamp'), ('updated_at', 'timestamp'),
        ],
        'links': [
            ('channel', 'varchar'), ('source_customer_id', 'varchar'), ('linked_channel', 'varchar'), ('linked_customer_id', 'varchar'),
            ('linked_at', 'timestamp'),
        ],
        'orders': [
            ('channel', 'varchar'), ('order_id', 'varchar'), ('source_customer_id', 'varchar'), ('ordered_at', 'timestamp'), ('order_date', 'date'),
            ('store_id', 'varchar'), ('currency', 'varchar'), ('gross_amount', 'decimal(18,2)'), ('discount_amount', 'decimal(18,2)'),
            ('shipping_amount', 'decimal(18,2)'), ('tax_amount', 'decimal(18,2)'), ('order_status', 'varchar'), ('fulfilment_type', 'varchar'),
            ('fulfilled_at', 'timestamp'),
        ],
        'order_lines': [
            ('channel', 'varchar'), ('order_id', 'varchar'), ('line_number', 'bigint'), ('sku', 'varchar'), ('product_name', 'varchar'),
            ('quantity', 'decimal(18,6)'), ('unit_price', 'decimal(18,6)'), ('discount_amount', 'decimal(18,2)'), ('coupon_code', 'varchar'),
            ('unit_cost', 'decimal(18,6)'), ('line_amount', 'decimal(18,6)'),
        ],
        'refunds': [
            ('channel', 'varchar'), ('refund_id', 'varchar'), ('order_id', 'varchar'), ('source_customer_id', 'varchar'),
            ('refunded_at', 'timestamp'), ('refund_date', 'date'), ('currency', 'varchar'), ('amount', 'decimal(18,2)'),
            ('quantity', 'decimal(18,6)'), ('sku', 'varchar'),
        ],
        'touchpoints': [
            ('channel', 'varchar'), ('touchpoint_id', 'varchar'), ('source_customer_id', 'varchar'), ('device_id', 'varchar'),
            ('touched_at', 'timestamp'), ('touch_date', 'date'), ('source', 'varchar'), ('medium', 'varchar'), ('campaign', 'varchar'),
            ('touch_type', 'varchar'), ('order_id', 'varchar'),
        ],
        'spend': [
            ('channel', 'varchar'), ('spend_date', 'date'), ('source', 'varchar'), ('medium', 'varchar'), ('campaign', 'varchar'),
            ('currency', 'varchar'), ('spend', 'decimal(18,2)'), ('impressions', 'bigint'), ('clicks', 'bigint'),
        ],
        'consents': [
            ('channel', 'varchar'), ('source_customer_id', 'varchar'), ('contact_type', 'varchar'), ('contact_key', 'varchar'),
            ('purpose', 'varchar'), ('status', 'varchar'), ('recorded_at', 'timestamp'), ('source', 'varchar'), ('policy_version', 'varchar'),
        ],
        'products': [
            ('channel', 'varchar'), ('sku', 'varchar'), ('product_code', 'varchar'), ('product_name', 'varchar'), ('brand', 'varchar'),
            ('category', 'varchar'), ('list_price', 'decimal(18,6)'),
        ],
        'stores': [
            ('channel', 'varchar'), ('store_id', 'varchar'), ('store_name', 'varchar'), ('city', 'varchar'), ('country', 'varchar'),
        ],
    } -%}
    {{ return(shapes[shape]) }}
{%- endmacro %}
