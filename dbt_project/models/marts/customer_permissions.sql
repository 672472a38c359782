-- whether each customer may be reached for each purpose, and why not: the answer that decided, with its date and where it came from
with

customers as (
    select customer_id
    from {{ ref('customers') }}
),

purposes as (
    {%- for purpose in var('purposes') %}
    select '{{ purpose }}' as purpose
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

contacts as (
    select customer_id, count(*) as contact_count
    from {{ ref('contacts') }}
    group by customer_id
),

persons as (
    select customer_id, purpose, status, channel, signal, recorded_at
    from {{ ref('person_consents') }}
    where status in ('denied', 'withdrawn')
),

granted as (
    select permissions.customer_id, permissions.purpose, bool_or(contacts.is_reachable) as is_reachable
    from {{ ref('contact_permissions') }} as permissions
    inner join {{ ref('contacts') }} as contacts
        on permissions.customer_id = contacts.customer_id
        and permissions.contact_id = contacts.contact_id
    where permissions.is_allowed
    group by permissions.customer_id, permissions.purpose
),

-- of several contacts the one that grants decides, the newest of those; else the newest refusal
deciding as (
    select customer_id, purpose, status, channel, signal, recorded_at
    from {{ ref('contact_permissions') }}
    qualify row_number() over (
        partition by customer_id, purpose
        order by is_allowed desc, recorded_at desc nulls last, contact_id
    ) = 1
)

select
    customers.customer_id,
    purposes.purpose,
    granted.customer_id is not null as is_allowed,
    coalesce(granted.is_reachable, false) as is_reachable,
    case
        when persons.customer_id is not null then persons.status
        when deciding.status in ('granted', 'denied', 'withdrawn', 'expired') then deciding.status
        else 'unknown'
    end as status,
    case
        when granted.is_reachable then 'may be reached'
        when granted.customer_id is not null then 'no contact that granted it can be reached'
        when persons.customer_id is not null then 'refused for the whole person'
        when deciding.status = 'expired' then 'the grant has expired'
        when deciding.status = 'withdrawn' then 'withdrawn'
        when deciding.status = 'denied' then 'denied'
        when deciding.status = 'unknown' then 'the answer cannot be read'
        when contacts.customer_id is null then 'no contact is known'
        else 'never answered'
    end as reason,
    case when persons.customer_id is not null then persons.recorded_at else deciding.recorded_at end as decided_at,
    case when persons.customer_id is not null then persons.channel else deciding.channel end as decided_by_channel,
    case when persons.customer_id is not null then persons.signal else deciding.signal end as decided_by_signal
from customers
cross join purposes
left join contacts
    on customers.customer_id = contacts.customer_id
left join persons
    on customers.customer_id = persons.customer_id
    and purposes.purpose = persons.purpose
left join granted
    on customers.customer_id = granted.customer_id
    and purposes.purpose = granted.purpose
left join deciding
    on customers.customer_id = deciding.customer_id
    and purposes.purpose = deciding.purpose
