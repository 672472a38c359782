-- every conversion under every model: its credited touches, or one `unattributed` row where it has none.
-- Credit sums to one per conversion and model.
with

models as (
    {{ offered_attribution_models() }}
),

credited as (
    select
        weights.attribution_model,
        weights.conversion_id,
        weights.touch_id,
        touches.touched_at,
        touches.marketing_channel,
        touches.campaign,
        touches.is_paid,
        weights.credit
    from {{ ref('attribution_credit_weights') }} as weights
    inner join {{ ref('path_touches') }} as touches
        on weights.touch_id = touches.touch_id
),

uncredited as (
    select
        models.attribution_model,
        conversions.conversion_id,
        cast(null as varchar) as touch_id,
        cast(null as timestamp) as touched_at,
        'unattributed' as marketing_channel,
        cast(null as varchar) as campaign,
        false as is_paid,
        cast(1 as double) as credit
    from {{ ref('conversions') }} as conversions
    cross join models
    left join (select distinct attribution_model, conversion_id from {{ ref('attribution_credit_weights') }}) as weighted
        on conversions.conversion_id = weighted.conversion_id
        and models.attribution_model = weighted.attribution_model
    where weighted.conversion_id is null
),

all_credits as (
    select attribution_model, conversion_id, touch_id, touched_at, marketing_channel, campaign, is_paid, credit from credited
    union all
    select attribution_model, conversion_id, touch_id, touched_at, marketing_channel, campaign, is_paid, credit from uncredited
)

select
    all_credits.attribution_model,
    all_credits.conversion_id,
    all_credits.touch_id,
    conversions.customer_id,
    conversions.channel,
    conversions.conversion_date,
    conversions.is_new_customer,
    all_credits.touched_at,
    all_credits.marketing_channel,
    all_credits.campaign,
    all_credits.is_paid,
    all_credits.credit,
    all_credits.credit * cast(conversions.gross_revenue as double) as gross_revenue,
    all_credits.credit * cast(conversions.net_revenue as double) as net_revenue
from all_credits
inner join {{ ref('conversions') }} as conversions
    on all_credits.conversion_id = conversions.conversion_id
