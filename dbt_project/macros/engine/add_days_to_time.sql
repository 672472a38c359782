{#- A time so many days of 24 hours later (a timestamp). Spark: timestampadd(day, n, time). -#}
{% macro add_days_to_time(time, days) -%}
    ({{ time }} + to_days(cast({{ days }} as integer)))
{%- endmacro %}
