-- what a person answered to an app or a guide who asked whether it may send news: an answer opens that id alone; a yes, and that it was taken back,
-- both stand, so that the past can be read
with

source as (
    select * from {{ landed('youzan', 'wechat_ids') }} as rows
    where _key_customer is not null
        and is_marketing_granted is not null
        and {{ not_suppressed('rows._key_customer') }}
),

said as (
    select
        _key_customer, id_kind, belongs_to, wechat_id,
        case when is_marketing_granted then 'granted' else 'denied' end as status,
        {{ evidence_line('youzan') }} as evidence,
        coalesce(answered_at, added_at) as recorded_at
    from source
    union all
    select
        _key_customer, id_kind, belongs_to, wechat_id, 'withdrawn' as status, {{ evidence_line('youzan') }} as evidence,
        taken_back_at as recorded_at
    from source
    where taken_back_at is not null
),

renamed as (
    select
        ---------- ids
        'youzan' as channel,
        _key_customer as source_customer_id,
        'platform' as contact_type,
        id_kind || ':' || belongs_to as contact_scope,
        wechat_id as contact_key,

        ---------- text
        'marketing' as purpose,
        status,
        'consent' as legal_basis,
        'CN' as jurisdiction,
        evidence,
        'form' as signal,

        ---------- times
        recorded_at
    from said
)

select * from {{ in_shape('renamed', 'consents') }} as shaped
