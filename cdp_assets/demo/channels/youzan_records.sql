with sold as (
    select
        program_checkouts.*,
        ship_phone is not distinct from buyer_phone as is_own_delivery
    from program_checkouts
)
select
    'youzan' as channel, null::varchar as source_customer_id,
    coalesce(full_phone, nickname || '|' || strftime(became_at, '%Y-%m-%d %H:%M:%S')) as natural_key,
    person_no, coalesce(shown_name, nickname) as name, '+86' || full_phone as phone_key,
        null::varchar as email_key,
    null::varchar as link_key, birth_date as birth_key, null::varchar as address_key,
    null::varchar as refused_value, traps
from program_customers
where is_listed and became_at < timestamp '2018-01-01'
union all by name
select
    'youzan' as channel, null::varchar as source_customer_id, buyer_full_phone as natural_key, person_no,
    any_value(nickname) as name, '+86' || buyer_full_phone as phone_key, null::varchar as email_key,
    null::varchar as link_key, null::date as birth_key, null::varchar as address_key,
    null::varchar as refused_value, any_value(traps) as traps
from sold
where buyer_full_phone is not null
    and person_no in (select person_no from program_customers where not is_listed)
group by buyer_full_phone, person_no
union all by name
select
    'youzan' as channel, 'guest:' || order_id as source_customer_id, null::varchar as natural_key, person_no,
    if(is_own_delivery, ship_name, nickname) as name, null::varchar as phone_key, null::varchar as email_key,
    null::varchar as link_key, null::date as birth_key, if(is_own_delivery, ship_street, null) as address_key,
    null::varchar as refused_value, traps
from sold
where buyer_full_phone is null
union all by name
select
    'youzan' as channel, 'recipient:' || order_id as source_customer_id, null::varchar as natural_key,
    recipient_no as person_no, ship_name as name, '+86' || ship_phone_key as phone_key,
        null::varchar as email_key,
    null::varchar as link_key, null::date as birth_key, ship_street as address_key,
    if(ship_phone_key is null and ship_phone not like '%*%', ship_phone, null) as refused_value, traps
from sold
where not is_own_delivery
