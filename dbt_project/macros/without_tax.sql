{#- An amount less the tax that it includes; as it is where `share` (the part of a price that is no tax) is null. -#}
{% macro without_tax(amount, share) -%}
    coalesce(cast({{ amount }} * {{ share }} as decimal(18, 6)), {{ amount }})
{%- endmacro %}
