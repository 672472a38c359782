-- the export says what an account accepts now, and not since when
with

source as (
    select * from {{ landed('shopify', 'customers') }} as rows
    qualify row_number() over (partition by customer_id order by _line desc) = 1
),

flags as (
    select
        customer_id, 'email' as contact_type, accepts_email_marketing as is_accepted, {{ evidence_line('shopify') }} as evidence
    from source
    union all
    select
        customer_id, 'phone' as contact_type, accepts_sms_marketing as is_accepted, {{ evidence_line('shopify') }} as evidence
    from source
    where phone is not null
),

renamed as (
    select
        ---------- ids
        'shopify' as channel,
        {{ without_apostrophe('customer_id') }} as source_customer_id,
        contact_type,

        ---------- text
        'marketing' as purpose,
        case when is_accepted then 'granted' else 'denied' end as status,
        'consent' as legal_basis,
        evidence,
        'form' as signal
    from flags
    where is_accepted is not null and customer_id is not null
)

select * from {{ in_shape('renamed', 'consents') }} as shaped
