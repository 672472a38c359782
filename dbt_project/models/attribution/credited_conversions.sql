-- every conversion under every model: its credited touches, or one `unattributed` row where it has none.
-- Credit sums to one per conversion and model.
{{ config(materialized='view') }}
{%- for model in var('attribution_models') %}
select
    '{{ model }}' as attribution_model,
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
    credit_{{ model }} as credit,
    credit_{{ model }} * conversion_value as gross_revenue,
    credit_{{ model }} * conversion_net_value as net_revenue
from {{ ref('credited_touches') }}
where credit_{{ model }} is not null
{%- if not loop.last %}
union all
{%- endif %}
{%- endfor %}
