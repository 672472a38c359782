-- law: as of a day, what was said later has not been said, and a grant that has run out is no grant
{{ config(tags=['law']) }}
select customer_id, contact_id, purpose, recorded_at, expires_at
from {{ ref('contact_permissions') }}
where is_allowed
    and (
        {{ business_date('recorded_at') }} > {{ as_of_date() }}
        or {{ has_expired('expires_at') }}
    )
