{#- The month of a date, as `2017-05`. -#}
{% macro year_month(date) -%}
    {{ return(adapter.dispatch('year_month', 'onefold')(date)) }}
{%- endmacro %}

{% macro duckdb__year_month(date) -%}
    strftime({{ date }}, '%Y-%m')
{%- endmacro %}

{% macro spark__year_month(date) -%}
    date_format({{ date }}, 'yyyy-MM')
{%- endmacro %}
