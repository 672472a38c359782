{#- What either list of the tills says of a payment or a refund (CTE body): one of the two may come later, or be cut. -#}
{% macro square_sales() -%}
    select transaction_id, event_type, sold_at, location, customer_id, customer_name, customer_reference_id
    from {{ landed('square', 'items') }} as items
    union all
    select transaction_id, event_type, sold_at, location, customer_id, customer_name, customer_reference_id
    from {{ landed('square', 'transactions') }} as transactions
{%- endmacro %}
