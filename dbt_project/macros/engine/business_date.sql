{#- The business date of a UTC time: the calendar day in vars.business_time_zone. DuckDB: `at time zone` turns naive UTC into an instant and back. -#}
{% macro business_date(utc_time) -%}
    {{ return(adapter.dispatch('business_date', 'onefold')(utc_time)) }}
{%- endmacro %}

{% macro duckdb__business_date(utc_time) -%}
    {%- if var('business_time_zone') == 'UTC' -%}
        cast({{ utc_time }} as date)
    {%- else -%}
        cast(({{ utc_time }} at time zone 'UTC') at time zone '{{ var("business_time_zone") }}' as date)
    {%- endif -%}
{%- endmacro %}

{% macro spark__business_date(utc_time) -%}
    {%- if var('business_time_zone') == 'UTC' -%}
        cast({{ utc_time }} as date)
    {%- else -%}
        cast(from_utc_timestamp({{ utc_time }}, '{{ var("business_time_zone") }}') as date)
    {%- endif -%}
{%- endmacro %}
