{#- 1 for Monday to 7 for Sunday. Spark: weekday(date) + 1. -#}
{% macro iso_weekday(date) -%}
    isodow({{ date }})
{%- endmacro %}
