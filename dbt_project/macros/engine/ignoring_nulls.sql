{#- A window function (first_value, last_value, lag, lead) that passes over nulls, without its `over`. -#}
{% macro ignoring_nulls(function, expression) -%}
    {{ return(adapter.dispatch('ignoring_nulls', 'onefold')(function, expression)) }}
{%- endmacro %}

{% macro duckdb__ignoring_nulls(function, expression) -%}
    {{ function }}({{ expression }} ignore nulls)
{%- endmacro %}

{% macro spark__ignoring_nulls(function, expression) -%}
    {{ function }}({{ expression }}) ignore nulls
{%- endmacro %}
