{#- Sum over the elements of a JSON array held as text: the product of the named number fields of each (an absent field makes it nothing). -#}
{% macro element_total(json_text, keys) -%}
    {{ return(adapter.dispatch('element_total', 'onefold')(json_text, keys)) }}
{%- endmacro %}

{% macro duckdb__element_total(json_text, keys) -%}
    coalesce(list_sum(list_transform(from_json({{ json_text }}, '["JSON"]'), lambda each: {% for key in keys %}cast({{ json_field('each', key) }} as decimal(18, 6)){{ ' * ' if not loop.last }}{% endfor %})), 0)
{%- endmacro %}

{% macro spark__element_total(json_text, keys) -%}
    coalesce(aggregate(
        from_json({{ json_text }}, 'array<string>'),
        cast(0 as decimal(38, 12)),
        (total, each) -> cast(total + coalesce({% for key in keys %}cast({{ json_field('each', key) }} as decimal(18, 6)){{ ' * ' if not loop.last }}{% endfor %}, 0) as decimal(38, 12))
    ), 0)
{%- endmacro %}
