{#- Sum over the elements of a JSON array held as text: the product of the named number fields of each (an absent field makes it nothing).
    `kind`: a field and its words, without which an element counts nothing. -#}
{% macro element_total(json_text, keys, kind=none) -%}
    {{ return(adapter.dispatch('element_total', 'onefold')(json_text, keys, kind)) }}
{%- endmacro %}

{% macro duckdb__element_total(json_text, keys, kind) -%}
    coalesce(list_sum(list_transform(from_json({{ json_text }}, '["JSON"]'), lambda each: {{ element_product('each', keys, kind) }})), 0)
{%- endmacro %}

{% macro spark__element_total(json_text, keys, kind) -%}
    coalesce(aggregate(
        from_json({{ json_text }}, 'array<string>'),
        cast(0 as decimal(38, 12)),
        (total, each) -> cast(total + coalesce({{ element_product('each', keys, kind) }}, 0) as decimal(38, 12))
    ), 0)
{%- endmacro %}
