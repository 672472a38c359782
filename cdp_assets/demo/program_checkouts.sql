{#
holes:
  spelled: select * from sent
  no_phone: 'null'
#}
create or replace temp table program_checkouts as
with ordered as (
    select orders.candidate, orders.order_no, orders.local_at, customer.*,
        coalesce(recipient_no, orders.person_no) as recipient_no
    from orders
    join program_customers as customer using (person_no)
    left join gifts using (candidate)
    where orders.channel = 'youzan'
),
sent as (
    select recipient.*, candidate as sent_candidate, ordered.delivery_phone as buyer_delivery_phone
    from ordered join persons as recipient on recipient.person_no = ordered.recipient_no
),
named as ({{ spelled }})
select
    ordered.candidate,
    ordered.order_no,
    'E' || strftime(local_at, '%Y%m%d%H%M%S')
        || lpad((ordered.order_no * 7919 % 100000000)::varchar, 8, '0') as order_id,
    ordered.person_no,
    ordered.recipient_no,
    ordered.phone as buyer_phone,
    ordered.full_phone as buyer_full_phone,
    ordered.nickname,
    ordered.recipient_no <> ordered.person_no as is_gift,
    named.shown_name as ship_name,
    -- a masked buyer's delivery phone is masked too
    {{ no_phone }} as no_phone,
    coalesce(if(no_phone like '1%' and is_gift, no_phone, null), case
        when is_gift then if(named.number_from is null, named.phone1, named.phone2)
        when list_contains(ordered.traps, 'masked_phone') then ordered.phone
        else ordered.delivery_phone
    end) as ship_phone,
    if(is_gift and no_phone like '1%' or ship_phone like '%*%', null, ship_phone) as ship_phone_key,
    named.country = 'US' as is_picked_up,
    if(is_picked_up, null, named.street) as ship_street,
    if(is_picked_up, null, named.city) as ship_city,
    if(is_picked_up, null, named.region) as ship_region,
    if(is_picked_up, null, named.district) as ship_district,
    ordered.traps || list_filter([if(is_gift, 'gift', null)], lambda trap: trap is not null) as traps
from ordered
join named on named.sent_candidate = ordered.candidate
order by ordered.order_no
