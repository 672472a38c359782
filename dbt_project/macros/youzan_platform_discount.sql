{#- What a payment promotion took off the buyer's bill and the shop was paid all the same: received less paid says how much somebody else bore. -#}
{% macro youzan_platform_discount() -%}
    least(
        coalesce(payment_discount_amount, 0),
        greatest(coalesce(received_amount - paid_amount, payment_discount_amount, 0), 0)
    )
{%- endmacro %}
