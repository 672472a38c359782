{#
holes:
  orders: {card_scanned: 0.5, named_without_card: 0.5}
#}
create or replace temp table till_checkouts as
with visits as (
    select
        orders.candidate,
        orders.order_no,
        orders.person_no,
        upper(substr(md5('till sale ' || orders.order_no), 1, 25)) as transaction_id,
        if(u('other store', candidate) < 0.15, pick('store', candidate, (select count(*) from stores)),
            pick('home store', persons.household_no, (select count(*) from stores))) as slot,
        case
            when card.square_id is not null and u('scans', candidate) < {{ orders.card_scanned }}
                then card.square_id
            when u('gives name', candidate) < {{ orders.named_without_card }} then bare.square_id
        end as square_id
    from orders
    join persons using (person_no)
    left join till_customers as card on card.person_no = orders.person_no and card.how = 'card'
    left join till_customers as bare on bare.person_no = orders.person_no and bare.how = 'name'
    where orders.channel = 'square'
)
select visits.* exclude (slot), store, directory.member_id, directory.shown_name, directory.traps
from visits
join stores using (slot)
left join till_customers as directory using (square_id)
order by visits.order_no
