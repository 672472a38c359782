{#- True where an order's status means a sale (vars.order_statuses_of_sales; a channel that gives no status sells), false where it means none
    (vars.order_statuses_without_sale) and where nobody has said what it means: such an order is parked. -#}
{% macro is_sale(order_status) -%}
    coalesce({{ order_status_of(order_status) }} in ({{ quoted(var('order_statuses_of_sales')) }}), true)
{%- endmacro %}
