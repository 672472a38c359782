-- ids that no longer live, with the last that is known of them: merged into another id, or retired. Where the id that one was merged
-- into was merged in turn, the successor is the last of the chain
with recursive

live as (
    select distinct customer_id
    from {{ source('identity', 'customer_ids') }}
),

events as (
    select
        case when event = 'merged' then other_customer_id else customer_id end as customer_id,
        event as closed_reason,
        case when event = 'merged' then customer_id end as successor_customer_id,
        effective_at as closed_at,
        generation_number
    from {{ source('identity', 'customer_id_events') }}
    where event in ('merged', 'retired')
),

closed as (
    select events.customer_id, events.closed_reason, events.successor_customer_id, events.closed_at
    from events
    left join live
        on events.customer_id = live.customer_id
    where live.customer_id is null
    qualify row_number() over (partition by events.customer_id order by events.generation_number desc, events.successor_customer_id) = 1
),

followed as (
    select customer_id, closed_reason, successor_customer_id, closed_at, 1 as merges
    from closed
    union all
    select followed.customer_id, followed.closed_reason, closed.successor_customer_id, followed.closed_at, followed.merges + 1 as merges
    from followed
    inner join closed
        on followed.successor_customer_id = closed.customer_id
    where closed.successor_customer_id is not null
        and followed.merges < 100
)

select customer_id, closed_reason, successor_customer_id, closed_at
from followed
qualify row_number() over (partition by customer_id order by merges desc) = 1
