{#- Whole months from the month of one date to the month of another (integer). Spark: months_between over truncated dates. -#}
{% macro months_between(from_date, to_date) -%}
    date_diff('month', date_trunc('month', cast({{ from_date }} as date)), date_trunc('month', cast({{ to_date }} as date)))
{%- endmacro %}
