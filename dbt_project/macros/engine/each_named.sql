{#- Two columns for a select list that give one row per named column: its name and its value. A union of selects would read all once per
    column. -#}
{% macro each_named(columns, name, value) -%}
    {{ return(adapter.dispatch('each_named', 'onefold')(columns, name, value)) }}
{%- endmacro %}

{% macro duckdb__each_named(columns, name, value) -%}
    unnest([{% for column in columns %}'{{ column }}'{{ ', ' if not loop.last }}{% endfor %}]) as {{ name }},
    unnest([{{ columns | join(', ') }}]) as {{ value }}
{%- endmacro %}

{% macro spark__each_named(columns, name, value) -%}
    stack({{ columns | length }}{% for column in columns %}, '{{ column }}', {{ column }}{% endfor %}) as ({{ name }}, {{ value }})
{%- endmacro %}
