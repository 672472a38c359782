create or replace temp table till_items as
select *, 'Physical Good' as itemization_type from till_rows
union all by name
-- half of the gift cards sold are listed among the items
select
    transaction_id, event_type, happened_at, filed_at, store, order_no, person_no, square_id, shown_name, member_id,
    'Gift Card' as itemization_type, 'Gift Card' as product_name, cards_sold as gross, 1 as quantity, 1 as sign, 0 as discount, 0 as tax,
    1 as rank, false as items_come_later, false as is_cut,
from till_payments
where cards_sold > 0 and u('card listed', order_no) < 0.5
order by happened_at, transaction_id, event_type, itemization_type desc, line_number
