{#- The scorecard of one cadence (weekly, quarterly): every metric in every period, with baseline, trend and status. -#}
{% macro scorecard_of(cadence) -%}
select
    metric,
    metric_group,
    title,
    unit,
    time_window,
    direction,
    period_start,
    period_end,
    is_complete,
    numerator,
    denominator,
    numerator_value,
    denominator_value,
    metric_value,
    baseline,
    trend,
    target,
    red_limit,
    yellow_limit,
    status
from {{ ref('scorecard_values') }}
where cadence = '{{ cadence }}'
{%- endmacro %}
