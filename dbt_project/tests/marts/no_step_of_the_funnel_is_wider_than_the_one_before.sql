-- law: from step to step of the funnel sessions get no more
{{ config(tags=['law']) }}
select month_start, marketing_channel
from {{ ref('funnel') }}
where product_sessions > sessions
    or cart_sessions > product_sessions
    or checkout_sessions > cart_sessions
    or purchase_sessions > checkout_sessions
