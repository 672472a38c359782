{#- One row per piece of a text, for a select list: what stands between the marks. Spark: explode(split(text, mark)). -#}
{% macro each_piece(expression, mark) -%}
    unnest(string_split({{ expression }}, '{{ mark }}'))
{%- endmacro %}
