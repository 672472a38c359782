-- the yes and no on the membership form, and the consent log
with

members as (
    select * from {{ landed('loyalty', 'members') }} as rows
    where member_id is not null
    qualify row_number() over (partition by member_id order by _line desc) = 1
),

log as (
    select * from {{ landed('loyalty', 'consents') }} as rows
),

-- a form speaks for the contacts that stand on it; profiling is about the person
said as (
    select
        member_id, 'record' as contact_type, cast(null as string) as contact_key, 'marketing' as purpose,
        case when marketing_consent then 'granted' else 'denied' end as status, 'form' as signal,
        cast(null as string) as legal_basis, cast(null as string) as jurisdiction, cast(null as string) as policy_version,
        {{ evidence_line('loyalty') }} as evidence, joined_at as recorded_at, cast(null as timestamp) as expires_at
    from members
    where marketing_consent is not null
    union all
    select
        member_id, 'person' as contact_type, cast(null as string) as contact_key, 'profiling' as purpose,
        case when profiling_consent then 'granted' else 'denied' end as status, 'form' as signal,
        cast(null as string) as legal_basis, cast(null as string) as jurisdiction, cast(null as string) as policy_version,
        {{ evidence_line('loyalty') }} as evidence, joined_at as recorded_at, cast(null as timestamp) as expires_at
    from members
    where profiling_consent is not null
    union all
    select
        member_id,
        {{ meaning_of('contact_kind', contract_words('loyalty', 'consents', 'contact_kind'), otherwise='person') }} as contact_type,
        nullif(trim(contact), '') as contact_key,
        {{ consent_purpose('purpose', contract_words('loyalty', 'consents', 'purpose')) }} as purpose,
        {{ consent_status('choice', contract_words('loyalty', 'consents', 'choice')) }} as status,
        lower(trim(given_by)) as signal,
        legal_basis,
        upper(trim(jurisdiction)) as jurisdiction,
        text_version as policy_version,
        {{ evidence_line('loyalty') }} as evidence,
        recorded_at,
        expires_at
    from log
),

renamed as (
    select
        ---------- ids
        'loyalty' as channel,
        member_id as source_customer_id,
        contact_type,
        contact_key,

        ---------- text
        purpose,
        status,
        legal_basis,
        jurisdiction,
        policy_version,
        evidence,
        signal,

        ---------- times
        recorded_at,
        expires_at
    from said
)

select * from {{ in_shape('renamed', 'consents') }} as shaped
