{#- One row (column `date_day`) for every day from one date to another, both included. Spark: explode(sequence(...)). -#}
{% macro date_spine(first_date, last_date) -%}
    select cast(days.day as date) as date_day
    from unnest(generate_series(cast({{ first_date }} as timestamp), cast({{ last_date }} as timestamp), interval 1 day)) as days (day)
{%- endmacro %}
