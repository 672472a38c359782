{#- Whole days from one date to another (integer, negative when the second is earlier). Spark: datediff(end, start). -#}
{% macro days_between(from_date, to_date) -%}
    date_diff('day', cast({{ from_date }} as date), cast({{ to_date }} as date))
{%- endmacro %}
