-- recency, frequency and monetary value of every customer with a purchase day in the window, scored 1 to 5;
-- one-time buyers have frequency score 1, the others are ranked among themselves
with

window_days as (
    select customer_id, purchase_date, net_amount, is_purchase_day
    from {{ ref('customer_purchase_days') }}
    where purchase_date > {{ add_days(as_of_date(), '-' ~ var('rfm_window_days')) }}
),

measured as (
    select
        customer_id,
        max(case when is_purchase_day then purchase_date end) as last_purchase_date,
        count(*) filter (where is_purchase_day) as frequency,
        cast(sum(net_amount) as decimal(18, 2)) as monetary
    from window_days
    group by customer_id
    having count(*) filter (where is_purchase_day) > 0
),

with_recency as (
    select
        customer_id,
        last_purchase_date,
        {{ days_between('last_purchase_date', as_of_date()) }} as recency_days,
        frequency,
        frequency = 1 as is_one_time_buyer,
        monetary
    from measured
),

scored as (
    select
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
        {{ midrank_score('-recency_days') }} as recency_score,
        case when is_one_time_buyer then 1 else {{ midrank_score('frequency', among=['is_one_time_buyer']) }} end as frequency_score,
        {{ midrank_score('monetary') }} as monetary_score
        {%- endif %}
    from with_recency
),

celled as (
    select
        *,
        cast(recency_score as varchar) || cast(frequency_score as varchar) || cast(monetary_score as varchar) as rfm_cell
    from scored
)

select
    {{ as_of_date() }} as as_of_date,
    celled.customer_id,
    celled.last_purchase_date,
    celled.recency_days,
    celled.frequency,
    celled.monetary,
    celled.recency_score,
    celled.frequency_score,
    celled.monetary_score,
    celled.rfm_cell,
    segments.segment
from celled
left join {{ ref(var('rfm_segment_map')) }} as segments
    on celled.rfm_cell = segments.rfm
