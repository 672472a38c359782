-- what became of the decisions that the site wrote into inboxes, one row per decision
-- identity's first step takes them: built before it, this would be a run behind. depends_on: {{ source('identity', 'customer_ids') }}
select
    decision_id,
    inbox,
    outcome,
    reason_code,
    decided_by,
    decided_at,
    as_of_date
from {{ source('state', 'decisions') }}
