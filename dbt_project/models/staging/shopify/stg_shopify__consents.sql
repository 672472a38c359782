-- the export says what an account accepts now, and not since when: where two files differ, since the later one, and a no after a yes is a withdrawal
with

source as (
    select * from {{ landed('shopify', 'customers') }} as rows
    qualify row_number() over (partition by customer_id order by _line desc) = 1
),

flags as (
    select
        customer_id, 'email' as contact_type, 'accepts_email_marketing' as flag, accepts_email_marketing as is_accepted, {{ evidence_line('shopify') }} as evidence
    from source
    union all
    select
        customer_id, 'phone' as contact_type, 'accepts_sms_marketing' as flag, accepts_sms_marketing as is_accepted, {{ evidence_line('shopify') }} as evidence
    from source
    where phone is not null
),

changes as (
    {{ changed_flags('shopify', 'customers', 'customer_id', ['accepts_email_marketing', 'accepts_sms_marketing']) }}
),

renamed as (
    select
        ---------- ids
        'shopify' as channel,
        {{ without_apostrophe('flags.customer_id') }} as source_customer_id,
        flags.contact_type,

        ---------- text
        'marketing' as purpose,
        case when flags.is_accepted then 'granted' when changes.flag is not null then 'withdrawn' else 'denied' end as status,
        'consent' as legal_basis,
        flags.evidence,
        'form' as signal,

        ---------- times
        changes.changed_at as recorded_at
    from flags
    left join changes
        on flags.customer_id = changes.customer_id
        and flags.flag = changes.flag
        and flags.is_accepted = changes.is_said
    where flags.is_accepted is not null and flags.customer_id is not null
)

select * from {{ in_shape('renamed', 'consents') }} as shaped
