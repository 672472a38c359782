{#- Text of one field of a JSON object. -#}
{% macro json_field(json, key) -%}
    {{ return(adapter.dispatch('json_field', 'onefold')(json, key)) }}
{%- endmacro %}

{% macro duckdb__json_field(json, key) -%}
    json_extract_string({{ json }}, '$."{{ key }}"')
{%- endmacro %}

{% macro spark__json_field(json, key) -%}
    get_json_object({{ json }}, '$.{{ key }}')
{%- endmacro %}
