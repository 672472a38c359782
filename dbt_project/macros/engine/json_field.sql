{#- Text of one field of a JSON object; of an object inside it by its path, `price.amount`. -#}
{% macro json_field(json, key) -%}
    {{ return(adapter.dispatch('json_field', 'onefold')(json, key)) }}
{%- endmacro %}

{% macro duckdb__json_field(json, key) -%}
    json_extract_string({{ json }}, '$."{{ key | replace('.', '"."') }}"')
{%- endmacro %}

{% macro spark__json_field(json, key) -%}
    get_json_object({{ json }}, '$.{{ key }}')
{%- endmacro %}
