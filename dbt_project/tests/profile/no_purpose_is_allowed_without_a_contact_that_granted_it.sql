-- law: is_<purpose>_allowed is one thing, however it is asked: no refusal of the whole person, and a contact with a grant that stands
{{ config(tags=['law']) }}
with

allowed as (
    {%- for purpose in var('purposes') %}
    select customer_id, '{{ purpose }}' as purpose
    from {{ ref('customers') }}
    where is_{{ purpose }}_allowed
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
),

granting as (
    select distinct contact_consents.customer_id, contact_consents.purpose
    from {{ ref('contact_consents') }} as contact_consents
    inner join {{ ref('contacts') }} as contacts
        on contact_consents.customer_id = contacts.customer_id
        and contact_consents.contact_id = contacts.contact_id
    where contact_consents.status = 'granted'
),

refusing as (
    select customer_id, purpose
    from {{ ref('person_consents') }}
    where status in ('denied', 'withdrawn')
)

select allowed.customer_id, allowed.purpose
from allowed
left join granting
    on allowed.customer_id = granting.customer_id
    and allowed.purpose = granting.purpose
left join refusing
    on allowed.customer_id = refusing.customer_id
    and allowed.purpose = refusing.purpose
where granting.customer_id is null or refusing.customer_id is not null
