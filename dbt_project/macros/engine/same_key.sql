{#- Whether a row has the key that `named_key` named in another relation; an empty part equals an empty part. -#}
{% macro same_key(side, other, key) -%}
    {%- for column in key %}{{ side }}.{{ column }} is not distinct from {{ other }}.key_{{ loop.index }}{{ ' and ' if not loop.last }}{% endfor -%}
{%- endmacro %}
