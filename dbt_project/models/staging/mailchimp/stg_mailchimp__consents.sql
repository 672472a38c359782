-- a contact opted in once, and may have left since: both stand, so that the past can be read. Whoever asked for letters and has not confirmed it yet
-- has granted nothing
with

source as (
    select * from {{ landed('mailchimp', 'members') }} as rows
    where euid is not null
    qualify row_number() over (partition by euid order by last_changed_at desc nulls last, unsubscribed_at desc nulls last, _line) = 1
),

said as (
    select
        euid, 'granted' as status, {{ evidence_line('mailchimp') }} as evidence,
        confirmed_at as recorded_at
    from source
    where confirmed_at is not null
    union all
    select euid, 'withdrawn' as status, {{ evidence_line('mailchimp') }} as evidence, unsubscribed_at as recorded_at
    from source
    where unsubscribed_at is not null
),

renamed as (
    select
        ---------- ids
        'mailchimp' as channel,
        euid as source_customer_id,
        'email' as contact_type,

        ---------- text
        'marketing' as purpose,
        status,
        'consent' as legal_basis,
        evidence,
        'form' as signal,

        ---------- times
        recorded_at
    from said
)

select * from {{ in_shape('renamed', 'consents') }} as shaped
