{#- Of so many rows, how many may change before a table is cheaper to build whole. -#}
{% macro most_changed(rows) -%}
    {{ return([(rows or 0) // 4, 1000] | max) }}
{%- endmacro %}
