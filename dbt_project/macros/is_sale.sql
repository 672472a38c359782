{#- True where an order's status is that of a sale: neither cancelled nor still unpaid (vars.order_statuses_without_sale). An order without
    a status is a sale. -#}
{% macro is_sale(order_status) -%}
    coalesce(lower({{ order_status }}) not in (
        {%- for status in var('order_statuses_without_sale') %}'{{ status }}'{{ ', ' if not loop.last }}{% endfor -%}
    ), true)
{%- endmacro %}
