{#
holes:
  is_cash: (order_no > 9)
  tip: 0.02
  gift_card: 0.004
  card_sold: 0.004
#}
create or replace temp table till_payments as
with paid as (
    select
        transaction_id, event_type, happened_at, filed_at, store, order_no, person_no, square_id, shown_name, member_id,
        sum(sign * gross) as goods,
        sum(sign * discount) as saved,
        sum(sign * tax) as taxes,
        string_agg(if(quantity = 1, '', quantity || ' x ') || product_name, ', '
            order by line_number) as description,
        bool_or(items_come_later or is_cut) as lacks_items,
    from till_rows
    group by all
    union all by name
    select
        transaction_id, 'Amount back' as event_type, happened_at, happened_at as filed_at, store, order_no, person_no, square_id, shown_name, member_id,
        -amount as goods, 0 as saved, 0 as taxes, 'Custom Amount' as description
    from till_amounts_back
)
select
    *,
    if(event_type = 'Payment' and not {{ is_cash }} and u('till tip', order_no) < {{ tip }},
        1 + pick('till tip', order_no, 3), 0)::decimal(18, 2) as tip,
    if(event_type = 'Payment' and goods > 0 and not lacks_items and u('card sold', order_no) < {{ card_sold }}, 25, 0)::decimal(18, 2) as cards_sold,
    goods - saved + taxes + tip + cards_sold as total,
    u('till gift card', order_no) < {{ gift_card }} as is_gift_card,
    {{ is_cash }} and not is_gift_card as is_cash,
    if(is_cash or is_gift_card or event_type <> 'Payment', 0, round(total * 0.026 + 0.10, 2)) as fee,
from paid
order by happened_at, transaction_id, event_type
