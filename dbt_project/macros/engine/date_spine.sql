{#- One row (column `date_day`) for every day from one date to another, both included. -#}
{% macro date_spine(first_date, last_date) -%}
    {{ return(adapter.dispatch('date_spine', 'onefold')(first_date, last_date)) }}
{%- endmacro %}

{% macro duckdb__date_spine(first_date, last_date) -%}
    select cast(days.day as date) as date_day
    from unnest(generate_series(cast({{ first_date }} as timestamp), cast({{ last_date }} as timestamp), interval 1 day)) as days (day)
{%- endmacro %}

{% macro spark__date_spine(first_date, last_date) -%}
    select explode(
        case when cast({{ first_date }} as date) <= cast({{ last_date }} as date)
            then sequence(cast({{ first_date }} as date), cast({{ last_date }} as date), interval 1 day) end
    ) as date_day
{%- endmacro %}
