{#- Each day belongs to one week and one quarter: the rows that a family of measures is crossed with, so that both come from one file. -#}
{% macro scorecard_cadences() -%}
    select 'weekly' as cadence, 'week' as unit
    union all
    select 'quarterly' as cadence, 'quarter' as unit
{%- endmacro %}
