{#- The end of a family of scorecard measures: one row per period and measure, also where nothing happened. `counted` names CTEs of one row per
    (cadence, period_start); `measures` gives each measure's expression over their columns. Stands after the last CTE's bracket. -#}
{% macro measures_by_period(counted, measures) -%}
,

wide as (
    select
        periods.cadence,
        periods.period_start,
        {%- for measure, expression in measures.items() %}
        {{ expression }} as {{ measure }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('scorecard_periods') }} as periods
    {%- for relation in counted %}
    left join {{ relation }}
        on periods.cadence = {{ relation }}.cadence
        and periods.period_start = {{ relation }}.period_start
    {%- endfor %}
)
{% for measure in measures %}
select cadence, period_start, '{{ measure }}' as measure, {{ measure }} as measured_value
from wide
{%- if not loop.last %}
union all
{%- endif %}
{%- endfor %}
{%- endmacro %}
