-- how often paths go from one marketing channel to the next, and where they end
select period, from_state, to_state, transitions, probability
from {{ source('insight', 'attribution_chain_transitions') }}
