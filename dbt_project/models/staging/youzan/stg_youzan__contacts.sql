-- WeChat's ids: each means somebody only together with its app, or with the guide who added the person
with

source as (
    select * from {{ landed('youzan', 'wechat_ids') }} as rows
    where _key_customer is not null
        and {{ not_suppressed('rows._key_customer') }}
),

renamed as (
    select
        ---------- ids
        'youzan' as channel,
        _key_customer as source_customer_id,
        'platform' as contact_type,
        id_kind || ':' || belongs_to as contact_scope,
        wechat_id as contact_value,

        ---------- text
        true as is_verified,
        case when is_removed then 'unfollowed' end as unreachable_reason,

        ---------- times
        added_at as created_at,
        added_at as updated_at
    from source
)

select * from {{ in_shape('renamed', 'contacts') }} as shaped
