{#- The continuous quantile (linear interpolation) of a numeric expression within a group. -#}
{% macro quantile(expression, share) -%}
    {{ return(adapter.dispatch('quantile', 'onefold')(expression, share)) }}
{%- endmacro %}

{% macro duckdb__quantile(expression, share) -%}
    quantile_cont(cast({{ expression }} as double), {{ share }})
{%- endmacro %}

{% macro spark__quantile(expression, share) -%}
    percentile(cast({{ expression }} as double), {{ share }})
{%- endmacro %}
