select
    'shopify' as channel, customer_id as source_customer_id, null::varchar as natural_key, person_no,
    shown_name as name, if(is_phone_blocked, null, phone) as phone_key,
        if(is_email_blocked, null, email) as email_key,
    'shopify:' || customer_id as link_key, null::date as birth_key, street as address_key,
    case when is_phone_blocked then phone when is_email_blocked then email end as refused_value, traps
from web_accounts
where created_at < timestamp '2018-01-01'
union all by name
select
    'shopify' as channel, 'guest:' || order_id as source_customer_id, null::varchar as natural_key, person_no,
    buyer_name as name, if(is_phone_blocked, null, phone) as phone_key,
        if(is_email_blocked, null, email) as email_key,
    null::varchar as link_key, null::date as birth_key, street as address_key,
    case when is_phone_blocked then phone when is_email_blocked then email end as refused_value, traps
from web_checkouts
union all by name
select
    'shopify' as channel, 'recipient:' || web_recipients.order_id as source_customer_id,
        null::varchar as natural_key,
    web_recipients.person_no, shown_name as name, web_recipients.phone as phone_key, null::varchar
        as email_key,
    null::varchar as link_key, null::date as birth_key, web_recipients.street as address_key,
    null::varchar as refused_value, web_recipients.traps
from web_recipients
join web_checkouts using (candidate)
where lower(shown_name) <> lower(buyer_name)
