-- law: profiling denied removes a customer from traits, segments and paths; totals stay
{{ config(tags=['law']) }}
with

denied as (
    select customer_id
    from {{ ref('customers') }}
    where not is_profiled
)

select 'rfm' as found_in, denied.customer_id
from denied
inner join {{ ref('customer_rfm') }} as rfm on denied.customer_id = rfm.customer_id
union all
select 'paths' as found_in, denied.customer_id
from denied
inner join {{ ref('attribution_touches') }} as touches on denied.customer_id = touches.customer_id
