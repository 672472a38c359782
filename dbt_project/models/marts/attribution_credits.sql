-- every conversion × touch × attribution model, with its share of the conversion and of the revenue
{{ config(materialized='view') }}
select
    attribution_model,
    conversion_id,
    touch_id,
    customer_id,
    channel,
    conversion_date,
    is_new_customer,
    touched_at,
    marketing_channel,
    campaign,
    is_paid,
    credit,
    gross_revenue,
    net_revenue
from {{ ref('credited_conversions') }}
