{#- How the keys of a table that follows its inputs are found in them (docs/extending.md), by the inputs' names; nothing for any other node. -#}
{% macro follows() -%}
    {{ return((model.config.get('meta') or {}).get('follows') or {}) }}
{%- endmacro %}
