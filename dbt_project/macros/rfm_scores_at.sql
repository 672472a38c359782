{#- RFM of every customer with a purchase day in the window before each date of a relation with the column `as_of_date`: recency, frequency
    and monetary value, scored 1 to 5 among the customers of that date. One row per as_of_date and customer_id. -#}
{% macro rfm_scores_at(dates) -%}
with

window_days as (
    select dates.as_of_date, days.customer_id, days.purchase_date, days.net_amount, days.is_purchase_day
    from {{ dates }} as dates
    inner join {{ ref('customer_purchase_days') }} as days
        on days.purchase_date > {{ add_days('dates.as_of_date', '-' ~ var('rfm_window_days')) }}
        and days.purchase_date <= dates.as_of_date
),

measured as (
    select
        as_of_date,
        customer_id,
        max(case when is_purchase_day then purchase_date end) as last_purchase_date,
        count(*) filter (where is_purchase_day) as frequency,
        cast(sum(net_amount) as decimal(18, 2)) as monetary
    from window_days
    group by as_of_date, customer_id
    having count(*) filter (where is_purchase_day) > 0
),

with_recency as (
    select
        as_of_date,
        customer_id,
        last_purchase_date,
        {{ days_between('last_purchase_date', 'as_of_date') }} as recency_days,
        frequency,
        frequency = 1 as is_one_time_buyer,
        monetary
    from measured
),

scored as (
    select
        as_of_date,
        customer_id,
        last_purchase_date,
        recency_days,
        frequency,
        monetary,
        {% if var('rfm_scheme') == 'thresholds' -%}
        {{ threshold_score('recency', '-recency_days') }} as recency_score,
        {{ threshold_score('frequency', 'frequency') }} as frequency_score,
        {{ threshold_score('monetary', 'monetary') }} as monetary_score
        {%- else -%}
        {{ midrank_score('-recency_days', among=['as_of_date']) }} as recency_score,
        case when is_one_time_buyer then 1 else {{ midrank_score('frequency', among=['as_of_date', 'is_one_time_buyer'], least=2) }} end
            as frequency_score,
        {{ midrank_score('monetary', among=['as_of_date']) }} as monetary_score
        {%- endif %}
    from with_recency
),

celled as (
    select
        *,
        cast(recency_score as string) || cast(frequency_score as string) || cast(monetary_score as string) as rfm_cell
    from scored
)

select
    celled.as_of_date,
    celled.customer_id,
    celled.last_purchase_date,
    celled.recency_days,
    celled.frequency,
    celled.monetary,
    celled.recency_score,
    celled.frequency_score,
    celled.monetary_score,
    celled.rfm_cell,
    segments.segment,
    {{ rfm_scheme_version() }} as scheme_version
from celled
left join {{ ref(var('rfm_segment_map')) }} as segments
    on celled.rfm_cell = segments.rfm
{%- endmacro %}
