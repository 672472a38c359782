{#- What the seller took off the goods: what the total lacks of goods and shipping, beyond the marketplace's vouchers and points. -#}
{% macro taobao_seller_discount() -%}
    greatest(goods_amount + coalesce(shipping_amount, 0) - total_amount - coalesce(coupon_amount, 0) - coalesce(points_amount, 0), 0)
{%- endmacro %}
