-- every touch of a conversion with its credit under each attribution model, and per conversion a row without a touch that holds what no
-- touch is credited with: one row for all models, as the long form is ten times as long and each reader adds it up once
with

models as (
    {{ offered_attribution_models() }}
),

credited as (
    select
        touches.conversion_id,
        touches.touch_id,
        touches.touched_at,
        touches.marketing_channel,
        touches.campaign,
        touches.is_paid,
        {%- for model in var('attribution_models') %}
        {{ model }}.credit as credit_{{ model }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('path_touches') }} as touches
    {%- for model in var('attribution_models') %}
    left join {{ ref('attribution_' ~ model) }} as {{ model }}
        on touches.touch_id = {{ model }}.touch_id
    {%- endfor %}
    where touches.is_conversion
),

uncredited as (
    select
        conversions.conversion_id,
        cast(null as string) as touch_id,
        cast(null as timestamp) as touched_at,
        'unattributed' as marketing_channel,
        cast(null as string) as campaign,
        false as is_paid,
        {%- for model in var('attribution_models') %}
        case when count(credited.credit_{{ model }}) = 0 and '{{ model }}' in (select attribution_model from models) then cast(1 as double) end
            as credit_{{ model }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('conversions') }} as conversions
    left join credited
        on conversions.conversion_id = credited.conversion_id
    group by conversions.conversion_id
),

all_credits as (
    select * from credited
    union all
    select * from uncredited
)

select
    all_credits.*,
    -- an order of somebody who denied profiling is credited, and tells nobody's way
    case when conversions.is_profiled then conversions.customer_id end as customer_id,
    conversions.channel,
    conversions.conversion_date,
    conversions.is_new_customer,
    cast(conversions.gross_revenue as double) as conversion_value,
    cast(conversions.net_revenue as double) as conversion_net_value,
    cast(conversions.discounted_revenue as double) as conversion_discounted_value,
    cast(conversions.margin as double) as conversion_margin,
    case when conversions.margin is not null then cast(conversions.net_revenue as double) end as conversion_costed_value
from all_credits
inner join {{ ref('conversions') }} as conversions
    on all_credits.conversion_id = conversions.conversion_id
-- a touch that no model credits, and the rest of a conversion that is credited whole, stand nowhere
where coalesce({% for model in var('attribution_models') %}all_credits.credit_{{ model }}{{ ', ' if not loop.last }}{% endfor %}) is not null
