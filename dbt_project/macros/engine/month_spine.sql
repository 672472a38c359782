{#- One row (column `month_start`) for every month from the month of one date to that of another, both included. -#}
{% macro month_spine(first_date, last_date) -%}
    select cast(months.month as date) as month_start
    from unnest(generate_series(
        date_trunc('month', cast({{ first_date }} as timestamp)), date_trunc('month', cast({{ last_date }} as timestamp)), interval 1 month
    )) as months (month)
{%- endmacro %}
