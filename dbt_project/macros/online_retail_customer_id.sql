{#- Customer numbers arrive as `17850.0`: the number before the point. -#}
{% macro online_retail_customer_id(column='customer_id') -%}
    nullif(split_part(trim({{ column }}), '.', 1), '')
{%- endmacro %}
