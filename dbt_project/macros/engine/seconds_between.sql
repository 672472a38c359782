{#- Seconds from one time to another as a double, to the microsecond. Spark: difference of cast(... as double). -#}
{% macro seconds_between(from_time, to_time) -%}
    (date_diff('microsecond', {{ from_time }}, {{ to_time }}) / 1000000.0)
{%- endmacro %}
