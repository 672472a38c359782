{#- 0 for an item that was cancelled alone: it was never sold, though its order was. 1 for every other, those of a cancelled order too. -#}
{% macro amazon_sold() -%}
    case when lower(item_status) = 'cancelled' and lower(order_status) <> 'cancelled' then 0 else 1 end
{%- endmacro %}
