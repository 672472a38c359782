-- what stewards ruled, one row per ruling, with the customers that its records are now
select
    rulings.ruling_id,
    rulings.kind,
    rulings.record_key_l,
    rulings.record_key_r,
    l.customer_id as customer_id_l,
    r.customer_id as customer_id_r,
    rulings.ruled_by,
    rulings.ruled_on,
    case
        when rulings.is_undone then 'undone'
        when l.customer_id is null or r.customer_id is null then 'dormant'
        when (rulings.kind = 'must_link') = (l.customer_id = r.customer_id) then 'active'
        else 'without_effect'
    end as status
from {{ source('state', 'rulings') }} as rulings
left join {{ source('identity', 'customer_ids') }} as l on rulings.record_key_l = l.record_key
left join {{ source('identity', 'customer_ids') }} as r on rulings.record_key_r = r.record_key
