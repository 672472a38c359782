{#- The ISO week of a date, as `2017-W05`. -#}
{% macro iso_week(date) -%}
    {{ return(adapter.dispatch('iso_week', 'onefold')(date)) }}
{%- endmacro %}

{% macro duckdb__iso_week(date) -%}
    strftime({{ date }}, '%G-W%V')
{%- endmacro %}

{% macro spark__iso_week(date) -%}
    concat(cast(year(date_add({{ date }}, 3 - pmod(datediff({{ date }}, date '1970-01-05'), 7))) as string), '-W', lpad(cast(weekofyear({{ date }}) as string), 2, '0'))
{%- endmacro %}
