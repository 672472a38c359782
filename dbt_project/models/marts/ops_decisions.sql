-- what became of the decisions that the site wrote into inboxes, one row per decision
select
    decision_id,
    inbox,
    outcome,
    reason_code,
    decided_by,
    decided_at,
    as_of_date
from {{ source('state', 'decisions') }}
