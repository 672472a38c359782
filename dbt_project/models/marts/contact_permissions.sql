-- the latest answer per contact and purpose, and whether the contact may be used for it: its own grant, and no refusal of the person
select
    contact_consents.customer_id,
    contact_consents.contact_id,
    contact_consents.purpose,
    contact_consents.status,
    contact_consents.status = 'granted' and coalesce(persons.status not in ('denied', 'withdrawn'), true) as is_allowed,
    contact_consents.channel,
    contact_consents.signal,
    contact_consents.legal_basis,
    contact_consents.jurisdiction,
    contact_consents.policy_version,
    contact_consents.evidence,
    contact_consents.recorded_at,
    contact_consents.expires_at
from {{ ref('contact_consents') }} as contact_consents
left join {{ ref('person_consents') }} as persons
    on contact_consents.customer_id = persons.customer_id
    and contact_consents.purpose = persons.purpose
