{#- For `follows` of a model, as SQL: some columns of all staging models of a shared shape. -#}
{% macro followed_rows(shape, columns) -%}
    {%- set parts = [] -%}
    {%- for channel in var('channels')[shape] -%}
        {%- do parts.append('select ' ~ columns | join(', ') ~ ' from {stg_' ~ channel ~ '__' ~ shape ~ '}') -%}
    {%- endfor -%}
    {{ return('(' ~ parts | join(' union all ') ~ ')') }}
{%- endmacro %}
