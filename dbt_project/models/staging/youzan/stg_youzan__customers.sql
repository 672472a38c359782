-- accounts from the customers export, a further one for each further name behind the same phone; buyers that it does not list, guests and
-- recipients from the orders export
with

-- the newest row of each name; the newest of a phone is whom its orders name
named_accounts as (
    select *, row_number() over (partition by _key_customer order by last_seen_at desc nulls last, _load_id, _line) as account_number
    from {{ landed('youzan', 'customers') }} as rows
    where _key_customer is not null
        and {{ not_suppressed('rows._key_customer') }}
    qualify row_number() over (
        partition by _key_customer, full_name, nickname
        order by last_seen_at desc nulls last, _load_id, _line
    ) = 1
),

accounts as (
    select *, case when account_number = 1 then _key_customer else _key_person end as account_id
    from named_accounts
),

order_rows as (
    select
        *,
        {{ youzan_buyer_id() }} as buyer_id,
        buyer_phone is not distinct from recipient_phone as is_own_delivery
    from {{ landed('youzan', 'orders') }} as rows
    where {{ not_suppressed('rows._key_customer') }}
),

-- a recipient with the buyer's own phone is the buyer, and lends name and address
buyers as (
    select
        order_rows.buyer_id,
        case when order_rows._key_customer is not null then 'account' else 'guest' end as record_kind,
        case when order_rows.is_own_delivery then order_rows.recipient_name else order_rows.buyer_nickname end as full_name,
        order_rows.buyer_phone,
        case when order_rows.is_own_delivery then order_rows.recipient_address end as street,
        case when order_rows.is_own_delivery then order_rows.recipient_city end as city,
        case when order_rows.is_own_delivery then order_rows.recipient_province end as region,
        order_rows.created_at
    from order_rows
    left join accounts
        on order_rows.buyer_id = accounts.account_id
    where order_rows.buyer_id is not null and accounts.account_id is null
    qualify row_number() over (
        partition by order_rows.buyer_id
        order by order_rows.is_own_delivery desc, order_rows.created_at desc, order_rows.order_id
    ) = 1
),

recipients as (
    select order_id, recipient_name, recipient_phone, recipient_address, recipient_city, recipient_province, created_at
    from order_rows
    where not is_own_delivery and recipient_name is not null
    qualify row_number() over (partition by order_id order by _line desc) = 1
),

records as (
    select
        account_id as source_customer_id,
        'account' as record_kind,
        'buyer' as contact_role,
        coalesce(nullif(trim(full_name), ''), nickname) as full_name,
        phone,
        birthday as birth_date,
        gender,
        cast(null as string) as street,
        cast(null as string) as city,
        cast(null as string) as region,
        became_customer_at as opened_at,
        became_customer_at as created_at,
        coalesce(last_seen_at, last_ordered_at, became_customer_at) as updated_at
    from accounts
    union all
    select
        buyer_id as source_customer_id,
        record_kind,
        'buyer' as contact_role,
        full_name,
        buyer_phone as phone,
        cast(null as date) as birth_date,
        cast(null as string) as gender,
        street,
        city,
        region,
        cast(null as timestamp) as opened_at,
        created_at,
        created_at as updated_at
    from buyers
    union all
    select
        'recipient:' || order_id as source_customer_id,
        'guest' as record_kind,
        'recipient' as contact_role,
        recipient_name as full_name,
        recipient_phone as phone,
        cast(null as date) as birth_date,
        cast(null as string) as gender,
        recipient_address as street,
        recipient_city as city,
        recipient_province as region,
        cast(null as timestamp) as opened_at,
        created_at,
        created_at as updated_at
    from recipients
),

renamed as (
    select
        ---------- ids
        'youzan' as channel,
        source_customer_id,
        record_kind,
        contact_role,

        ---------- person
        full_name,
        phone,
        birth_date,
        case gender when '男' then 'male' when '女' then 'female' end as gender,

        ---------- address
        street,
        city,
        region,
        'CN' as country,

        ---------- times
        opened_at,
        created_at,
        updated_at
    from records
)

select * from {{ in_shape('renamed', 'customers') }} as shaped
