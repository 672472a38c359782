-- what the newsletter knows of an address: confirmed by its owner, or cleaned away because mail came back
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
        email_address as contact_value,

        ---------- text
        confirmed_at is not null as is_verified,
        case when lower(_part) = 'cleaned' then 'bounced' end as unreachable_reason,

        ---------- times
        coalesce(confirmed_at, opted_in_at) as created_at,
        last_changed_at as updated_at
    from source
)

select * from {{ in_shape('renamed', 'contacts') }} as shaped
