-- law: credit sums to one per conversion per attribution model, and lies between 0 and 1
{{ config(tags=['law']) }}
select attribution_model, conversion_id, sum(credit) as credit, min(credit) as least_credit
from {{ ref('attribution_credits') }}
group by attribution_model, conversion_id
having abs(sum(credit) - 1) > 1e-9 or min(credit) < -1e-12 or count(*) filter (where credit is null) > 0
