{#- The month of a date, as `2017-05`. -#}
{% macro year_month(date) -%}
    strftime({{ date }}, '%Y-%m')
{%- endmacro %}
