{#- Seconds from one time to another as a double, to the microsecond. -#}
{% macro seconds_between(from_time, to_time) -%}
    {{ return(adapter.dispatch('seconds_between', 'onefold')(from_time, to_time)) }}
{%- endmacro %}

{% macro duckdb__seconds_between(from_time, to_time) -%}
    (date_diff('microsecond', {{ from_time }}, {{ to_time }}) / 1000000.0)
{%- endmacro %}

{% macro spark__seconds_between(from_time, to_time) -%}
    ((unix_micros({{ to_time }}) - unix_micros({{ from_time }})) / cast(1000000 as double))
{%- endmacro %}
