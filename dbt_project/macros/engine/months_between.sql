{#- Whole months from the month of one date to the month of another (integer). -#}
{% macro months_between(from_date, to_date) -%}
    {{ return(adapter.dispatch('months_between', 'onefold')(from_date, to_date)) }}
{%- endmacro %}

{% macro duckdb__months_between(from_date, to_date) -%}
    date_diff('month', date_trunc('month', cast({{ from_date }} as date)), date_trunc('month', cast({{ to_date }} as date)))
{%- endmacro %}

{% macro spark__months_between(from_date, to_date) -%}
    cast(months_between(trunc({{ to_date }}, 'month'), trunc({{ from_date }}, 'month')) as bigint)
{%- endmacro %}
