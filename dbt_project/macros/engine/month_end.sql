{#- The last day of a date's month, as a date. -#}
{% macro month_end(date) -%}
    last_day(cast({{ date }} as date))
{%- endmacro %}
