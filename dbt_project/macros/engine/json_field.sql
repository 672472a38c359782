{#- Text of one field of a JSON object. -#}
{% macro json_field(json, key) -%}
    json_extract_string({{ json }}, '$."{{ key }}"')
{%- endmacro %}
