{#- Two columns for a select list that give one row per element of a JSON array held as text: `element_number` (from 1) and `element` (JSON).
    DuckDB's from_json and a lambda. -#}
{% macro each_element(json_text) -%}
    unnest(list_transform(from_json({{ json_text }}, '["JSON"]'), lambda each, number: {'element_number': number, 'element': each}), recursive := true)
{%- endmacro %}
