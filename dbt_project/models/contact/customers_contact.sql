-- identifiers in clear, one row per customer: published only into the owner-only contact file
select
    customer_id,
    full_name,
    given_name,
    family_name,
    phone,
    email,
    birth_date,
    gender,
    street,
    city,
    region,
    postcode,
    country,
    is_marketing_allowed
from {{ ref('customer_profiles') }}
