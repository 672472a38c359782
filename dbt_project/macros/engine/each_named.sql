{#- Two columns for a select list that give one row per named column: its name and its value. `unpivot` would do, but reads a table, not a CTE
    in a select list; a union reads all once per column. -#}
{% macro each_named(columns, name, value) -%}
    unnest([{% for column in columns %}'{{ column }}'{{ ', ' if not loop.last }}{% endfor %}]) as {{ name }},
    unnest([{{ columns | join(', ') }}]) as {{ value }}
{%- endmacro %}
