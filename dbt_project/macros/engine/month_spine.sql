{#- One row (column `month_start`) for every month from the month of one date to that of another, both included. -#}
{% macro month_spine(first_date, last_date) -%}
    {{ return(adapter.dispatch('month_spine', 'onefold')(first_date, last_date)) }}
{%- endmacro %}

{% macro duckdb__month_spine(first_date, last_date) -%}
    select cast(months.month as date) as month_start
    from unnest(generate_series(
        date_trunc('month', cast({{ first_date }} as timestamp)), date_trunc('month', cast({{ last_date }} as timestamp)), interval 1 month
    )) as months (month)
{%- endmacro %}

{% macro spark__month_spine(first_date, last_date) -%}
    select explode(
        case when cast({{ first_date }} as date) <= cast({{ last_date }} as date)
            then sequence(trunc({{ first_date }}, 'month'), trunc({{ last_date }}, 'month'), interval 1 month) end
    ) as month_start
{%- endmacro %}
