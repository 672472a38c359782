-- one row per customer; identifiers are masked here and stand in clear in contact.customers_contact
select
    ---------- ids
    customer_id,
    household_id,

    ---------- person
    {{ masked('full_name') }} as masked_full_name,
    {{ masked_phone('phone') }} as masked_phone,
    {{ masked_email('email') }} as masked_email,
    phone is not null as has_phone,
    email is not null as has_email,
    cast(extract(year from birth_date) as integer) as birth_year,
    gender,
    city,
    region,
    country,

    ---------- where known
    record_count,
    account_count,
    channel_count,
    channels,
    first_seen_at,
    last_seen_at,

    ---------- lifetime
    first_order_date,
    last_order_date,
    order_count,
    touch_count,
    gross_revenue,
    discount_revenue,
    net_revenue,
    case when order_count > 0 then {{ divided_money('gross_revenue', 'order_count') }} end as average_order_value,

    ---------- consent
    {%- for purpose in var('purposes') %}
    is_{{ purpose }}_allowed,
    {%- endfor %}
    is_profiled
from {{ ref('customer_profiles') }}
