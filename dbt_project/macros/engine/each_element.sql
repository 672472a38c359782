{#- Two columns for a select list that give one row per element of a JSON array held as text: `element_number` (from 1) and `element` (JSON).
    DuckDB's from_json and a lambda. -#}
{% macro each_element(json_text) -%}
    {{ return(adapter.dispatch('each_element', 'onefold')(json_text)) }}
{%- endmacro %}

{% macro duckdb__each_element(json_text) -%}
    unnest(list_transform(from_json({{ json_text }}, '["JSON"]'), lambda each, number: {'element_number': number, 'element': each}), recursive := true)
{%- endmacro %}

{% macro spark__each_element(json_text) -%}
    inline(transform(from_json({{ json_text }}, 'array<string>'), (each, n) -> struct(cast(n + 1 as bigint) as element_number, each as element)))
{%- endmacro %}
