-- the yes and no on the membership form, and the consent log. The form is of the day the member joined; where a later file says another word, of
-- that file's day, and a no after a yes is a withdrawal
with

members as (
    select * from {{ landed('loyalty', 'members') }} as rows
    where member_id is not null
    qualify row_number() over (partition by member_id order by _line desc) = 1
),

log as (
    select * from {{ landed('loyalty', 'consents') }} as rows
),

changes as (
    {{ changed_flags('loyalty', 'members', 'member_id', ['marketing_consent', 'profiling_consent']) }}
),

worded as (
    select *, {{ consent_status('choice', contract_words('loyalty', 'consents', 'choice')) }} as status
    from log
),

-- a form speaks for the contacts that stand on it; profiling is about the person
flags as (
    select
        member_id, 'record' as contact_type, 'marketing' as purpose, 'marketing_consent' as flag, marketing_consent as is_accepted,
        {{ evidence_line('loyalty') }} as evidence, joined_at
    from members
    union all
    select
        member_id, 'person' as contact_type, 'profiling' as purpose, 'profiling_consent' as flag, profiling_consent as is_accepted,
        {{ evidence_line('loyalty') }} as evidence, joined_at
    from members
),

said as (
    select
        flags.member_id, flags.contact_type, cast(null as string) as contact_key, flags.purpose,
        case when flags.is_accepted then 'granted' when changes.flag is not null then 'withdrawn' else 'denied' end as status,
        'form' as signal, cast(null as string) as legal_basis, cast(null as string) as jurisdiction, cast(null as string) as policy_version,
        flags.evidence, coalesce(changes.changed_at, flags.joined_at) as recorded_at, cast(null as timestamp) as expires_at
    from flags
    left join changes
        on flags.member_id = changes.member_id
        and flags.flag = changes.flag
        and flags.is_accepted = changes.is_said
    where flags.is_accepted is not null
    union all
    select
        member_id,
        {{ consent_contact_type('contact_kind', contract_words('loyalty', 'consents', 'contact_kind'), 'status') }} as contact_type,
        nullif(trim(contact), '') as contact_key,
        {{ consent_purpose('purpose', contract_words('loyalty', 'consents', 'purpose')) }} as purpose,
        status,
        lower(trim(given_by)) as signal,
        legal_basis,
        upper(trim(jurisdiction)) as jurisdiction,
        text_version as policy_version,
        {{ evidence_line('loyalty') }} as evidence,
        recorded_at,
        expires_at
    from worded
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
