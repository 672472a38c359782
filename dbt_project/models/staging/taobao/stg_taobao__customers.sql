-- buyers by their member name; the newer workbook has no member name, and holds name, phone and address in one cell
with

source as (
    select
        *,
        recipient_address like '%，%' as is_one_cell
    from {{ landed('taobao', 'orders') }} as rows
),

parted as (
    select
        order_id,
        _key_customer,
        buyer_nickname,
        created_at,
        case when is_one_cell then split_part(recipient_address, '，', 1) else recipient_name end as recipient_name,
        case when is_one_cell then replace(split_part(recipient_address, '，', 2), '86-', '') else coalesce(contact_mobile, contact_phone) end
            as recipient_phone,
        trim(case when is_one_cell then split_part(recipient_address, '，', 3) else recipient_address end) as recipient_address
    from source
),

buyers as (
    select *
    from parted
    where _key_customer is not null
    qualify row_number() over (partition by _key_customer order by created_at desc, order_id desc) = 1
),

records as (
    select
        _key_customer as source_customer_id,
        'account' as record_kind,
        'buyer' as contact_role,
        buyer_nickname as full_name,
        cast(null as string) as phone,
        cast(null as string) as street,
        created_at
    from buyers
    union all
    select
        'recipient:' || order_id as source_customer_id,
        'guest' as record_kind,
        'recipient' as contact_role,
        recipient_name as full_name,
        recipient_phone as phone,
        recipient_address as street,
        created_at
    from parted
    where recipient_name is not null or recipient_phone is not null
),

renamed as (
    select
        ---------- ids
        'taobao' as channel,
        source_customer_id,
        record_kind,
        contact_role,

        ---------- person
        full_name,
        phone,

        ---------- address
        street,
        split_part(street, ' ', 2) as city,
        split_part(street, ' ', 1) as region,
        'CN' as country,

        ---------- times
        created_at,
        created_at as updated_at
    from records
)

select * from {{ in_shape('renamed', 'customers') }} as shaped
