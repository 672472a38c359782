{#- What the retailer's list says a channel's products are, by `sku`, or by exact `product_name` where it names no sku. One row per product. -#}
{% macro declared_kinds(channel, named_by) -%}
    select {{ named_by }}, min(line_kind) as line_kind
    from {{ ref('line_kinds') }}
    where channel = '{{ channel }}' and {{ named_by }} is not null{{ " and sku is null" if named_by != 'sku' }}
    group by {{ named_by }}
{%- endmacro %}
