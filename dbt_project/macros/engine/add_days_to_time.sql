{#- A time so many days of 24 hours later (a timestamp). -#}
{% macro add_days_to_time(time, days) -%}
    {{ return(adapter.dispatch('add_days_to_time', 'onefold')(time, days)) }}
{%- endmacro %}

{% macro duckdb__add_days_to_time(time, days) -%}
    ({{ time }} + to_days(cast({{ days }} as integer)))
{%- endmacro %}

{% macro spark__add_days_to_time(time, days) -%}
    timestampadd(day, cast({{ days }} as integer), {{ time }})
{%- endmacro %}
