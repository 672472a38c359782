{#- First day of the week or quarter that a day belongs to, beside a row of `scorecard_cadences`. -#}
{% macro period_start_of(day) -%}
    cast(case when cadences.unit = 'week' then date_trunc('week', {{ day }}) else date_trunc('quarter', {{ day }}) end as date)
{%- endmacro %}
