{#- The ISO week of a date, as `2017-W05`. -#}
{% macro iso_week(date) -%}
    strftime({{ date }}, '%G-W%V')
{%- endmacro %}
