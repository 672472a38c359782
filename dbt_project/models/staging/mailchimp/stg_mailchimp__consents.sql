with

source as (
    select * from {{ landed('mailchimp', 'members') }} as rows
    where euid is not null
    qualify row_number() over (partition by euid order by last_changed_at desc nulls last, unsubscribed_at desc nulls last, _line) = 1
),

renamed as (
    select
        ---------- ids
        'mailchimp' as channel,
        euid as source_customer_id,
        'email' as contact_type,
        euid as contact_key,

        ---------- text
        'marketing' as purpose,
        case when unsubscribed_at is not null then 'withdrawn' else 'granted' end as status,
        'audience export' as source,

        ---------- times
        coalesce(unsubscribed_at, confirmed_at, opted_in_at, last_changed_at) as recorded_at
    from source
)

select * from {{ in_shape('renamed', 'consents') }} as shaped
