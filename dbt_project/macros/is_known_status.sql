{#- True where the project says what a status means; an order without a status has a stated meaning too. -#}
{% macro is_known_status(order_status) -%}
    coalesce(
        {{ order_status_of(order_status) }} in ({{ quoted(var('order_statuses_of_sales') + var('order_statuses_without_sale')) }}),
        true
    )
{%- endmacro %}
