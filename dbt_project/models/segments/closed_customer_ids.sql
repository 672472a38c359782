-- ids that no longer live, with the last that is known of them: merged into another id, or retired
with

live as (
    select distinct customer_id
    from {{ source('identity', 'customer_ids') }}
),

closed as (
    select
        case when event = 'merged' then other_customer_id else customer_id end as customer_id,
        event as closed_reason,
        case when event = 'merged' then customer_id end as successor_customer_id,
        effective_at as closed_at,
        generation_number
    from {{ source('identity', 'customer_id_events') }}
    where event in ('merged', 'retired')
)

select closed.customer_id, closed.closed_reason, closed.successor_customer_id, closed.closed_at
from closed
left join live
    on closed.customer_id = live.customer_id
where live.customer_id is null
qualify row_number() over (partition by closed.customer_id order by closed.generation_number desc, closed.successor_customer_id) = 1
