-- every touch of every channel as staging yields it, except that an advertising click id beats the names beside it
-- (data/reference/click_ids.csv): a visit with a gclid is a click on Google Ads, whatever its medium says
{{ config(materialized='view') }}
with

touches as (
    {{ union_shape('touchpoints') }}
),

compared as (
    select
        touches.*,
        clicks.source as click_source,
        clicks.medium as click_medium,
        {{ matches_whole("lower(coalesce(touches.medium, ''))", "'.*cp.*|ppc|retargeting|paid.*|cross-network'") }} as is_named_paid,
        lower(coalesce(touches.source, '')) like clicks.source || '%' as is_named_source,
        coalesce(clicks.is_always_paid, false) as is_always_paid
    from touches
    left join {{ ref('click_ids') }} as clicks
        on touches.click_id_type = clicks.click_id_type
),

judged as (
    select *, click_source is not null and not (is_named_paid and (is_named_source or not is_always_paid)) as is_renamed
    from compared
)

select
    channel,
    touchpoint_id,
    source_customer_id,
    device_id,
    touched_at,
    touch_date,
    case when is_renamed then click_source else source end as source,
    case when is_renamed then click_medium else medium end as medium,
    campaign,
    touch_type,
    order_id,
    click_id_type,
    ends_in_channel,
    ends_in_order_id,
    -- whoever asks by Global Privacy Control not to be followed across sites is not followed from before they say who they are
    coalesce(has_refused_profiling, false) or coalesce(gpc, false) as has_refused_profiling
from judged
