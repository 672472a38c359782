{#- One row per piece of a text, for a select list: what stands between the marks (one character). -#}
{% macro each_piece(expression, mark) -%}
    {{ return(adapter.dispatch('each_piece', 'onefold')(expression, mark)) }}
{%- endmacro %}

{% macro duckdb__each_piece(expression, mark) -%}
    unnest(string_split({{ expression }}, '{{ mark }}'))
{%- endmacro %}

{% macro spark__each_piece(expression, mark) -%}
    explode(split({{ expression }}, '[{{ mark }}]'))
{%- endmacro %}
