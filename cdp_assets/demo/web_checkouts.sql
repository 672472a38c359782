{#
holes:
  spelled: select * from ordered
  guest_checkout: 0.5
  no_phone: 'null'
  no_email: 'null'
#}
create or replace temp table web_checkouts as
with ordered as (
    select persons.*, candidate, order_no, at_utc
    from orders join persons using (person_no)
    where channel = 'shopify'
),
named as ({{ spelled }}),
used as (
    select
        named.*,
        account.customer_id as known_id,
        account.customer_id is not null
            and u('guest checkout', candidate) < {{ guest_checkout }} as as_guest,
        if(as_guest, null, account.customer_id) as customer_id,
        account.shown_name as account_name,
        account.email as account_email,
        account.is_email_blocked as is_account_email_blocked,
        account.phone as account_phone,
        account.is_phone_blocked as is_account_phone_blocked,
        account.traps as account_traps,
        {{ no_phone }} as no_phone,
        {{ no_email }} as no_email,
        u('order phone', candidate) < 0.6 as leaves_phone
    from named
    left join web_accounts as account on account.person_no = named.person_no
        and account.slot = if(exists (select 1 from web_accounts as second
            where second.person_no = named.person_no
            and second.slot = 1 and second.created_at <= named.at_utc), 1, 0)
),
gifted as (
    select used.*, recipient_no from used left join gifts using (candidate)
)
select
    candidate, order_no, person_no, customer_id, recipient_no,
    case when at_utc < timestamp '2017-03-01' then '' when at_utc < timestamp '2017-10-01' then '#' else 'OM-' end
        || (1000 + order_no) as order_name,
    (4400000000000 + order_no * 1237)::varchar as order_id,
    if(customer_id is null, shown_name, account_name) as buyer_name,
    if(customer_id is null,
        coalesce(no_email, if(as_guest and u('other email', candidate) < 0.7, email2, email1)),
            account_email) as email,
    if(customer_id is null, no_email is not null, is_account_email_blocked) as is_email_blocked,
    case
        when customer_id is not null then account_phone
        when leaves_phone
            then coalesce(no_phone, dial
                || if(u('second phone', candidate) < 0.1 and number_to is null, phone2, phone1))
    end as phone,
    if(customer_id is null, leaves_phone and no_phone is not null, is_account_phone_blocked)
        as is_phone_blocked,
    street, city, region, region_name, country, postcode,
    if(customer_id is null, name_traps, account_traps) || list_filter([
        if(customer_id is null, if(as_guest, 'guest_checkout', 'guest'), null),
        if(customer_id is null and no_email is not null, 'placeholder_email', null),
        if(customer_id is null and leaves_phone and no_phone is not null, 'placeholder_phone', null),
        if(recipient_no is not null, 'gift', null)
    ], lambda trap: trap is not null) as traps
from gifted
order by order_no
