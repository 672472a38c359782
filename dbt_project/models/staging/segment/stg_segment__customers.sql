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
        max_by(trait_name, called_at) filter (where trait_name is not null) as full_name,
        max_by(trait_first_name, called_at) filter (where trait_first_name is not null) as given_name,
        max_by(trait_last_name, called_at) filter (where trait_last_name is not null) as family_name,
        max_by(trait_phone, called_at) filter (where trait_phone is not null) as phone,
        max_by(trait_email, called_at) filter (where trait_email is not null) as email,
        max_by(try_cast(left(trait_birthday, 10) as date), called_at) filter (where trait_birthday is not null) as birth_date,
        max_by(trait_gender, called_at) filter (where trait_gender is not null) as gender,

        ---------- address
        max_by(trait_street, called_at) filter (where trait_street is not null) as street,
        max_by(trait_city, called_at) filter (where trait_city is not null) as city,
        max_by(trait_state, called_at) filter (where trait_state is not null) as region,
        max_by(trait_postal_code, called_at) filter (where trait_postal_code is not null) as postcode,
        max_by(trait_country, called_at) filter (where trait_country is not null) as country,

        ---------- times
        min(called_at) as created_at,
        max(called_at) as updated_at
    from source
    group by user_id
)

select * from {{ in_shape('renamed', 'customers') }} as shaped
