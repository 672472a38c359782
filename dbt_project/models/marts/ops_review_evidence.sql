-- what the model saw for and against each pair of the review queue; words of the project and weights only, never a value
select
    record_key_l,
    record_key_r,
    comparison,
    finding,
    bits,
    term_bits
from {{ source('identity', 'review_evidence') }}
