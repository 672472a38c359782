{#- A date so many days later (a date). Spark: date_add(date, days). -#}
{% macro add_days(date, days) -%}
    (cast({{ date }} as date) + cast({{ days }} as integer))
{%- endmacro %}
