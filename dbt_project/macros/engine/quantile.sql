{#- The continuous quantile (linear interpolation) of a numeric expression within a group. Spark: percentile(x, q). -#}
{% macro quantile(expression, share) -%}
    quantile_cont(cast({{ expression }} as double), {{ share }})
{%- endmacro %}
