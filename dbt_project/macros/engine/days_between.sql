{#- Whole days from one date to another (integer, negative when the second is earlier). -#}
{% macro days_between(from_date, to_date) -%}
    {{ return(adapter.dispatch('days_between', 'onefold')(from_date, to_date)) }}
{%- endmacro %}

{% macro duckdb__days_between(from_date, to_date) -%}
    date_diff('day', cast({{ from_date }} as date), cast({{ to_date }} as date))
{%- endmacro %}

{% macro spark__days_between(from_date, to_date) -%}
    cast(datediff(cast({{ to_date }} as date), cast({{ from_date }} as date)) as bigint)
{%- endmacro %}
