-- what was last said of each account, trait by trait
with

source as (
    select * from {{ landed('segment', 'calls') }} as rows
    where user_id is not null
),

renamed as (
    select
        ---------- ids
        'segment' as channel,
        user_id as source_customer_id,
        'account' as record_kind,
        'buyer' as contact_role,

        ---------- person
        {{ told_last('trait_name', 'called_at') }} as full_name,
        {{ told_last('trait_first_name', 'called_at') }} as given_name,
        {{ told_last('trait_last_name', 'called_at') }} as family_name,
        {{ told_last('trait_phone', 'called_at') }} as phone,
        {{ told_last('trait_email', 'called_at') }} as email,
        {{ told_last('try_cast(left(trait_birthday, 10) as date)', 'called_at') }} as birth_date,
        {{ told_last('trait_gender', 'called_at') }} as gender,

        ---------- address
        {{ told_last('trait_street', 'called_at') }} as street,
        {{ told_last('trait_city', 'called_at') }} as city,
        {{ told_last('trait_state', 'called_at') }} as region,
        {{ told_last('trait_postal_code', 'called_at') }} as postcode,
        {{ told_last('trait_country', 'called_at') }} as country,

        ---------- times
        min(called_at) as created_at,
        max(called_at) as updated_at
    from source
    group by user_id
)

select * from {{ in_shape('renamed', 'customers') }} as shaped
