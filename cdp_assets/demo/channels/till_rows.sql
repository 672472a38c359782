{#
holes:
  rate: 0.08
  later: 0.02
  cut: 0.1
  last_days: date '2017-12-18'
  reset: 0.0004
#}
create or replace temp table till_rows as
with sold as (
    select
        till_checkouts.* exclude (traps),
        if(is_taxable, round((lines.gross - lines.discount) * {{ rate }}, 2), 0)::decimal(18, 2) as tax,
        orders.local_at, orders.refunded_at, orders.refund_share,
        lines.* exclude (candidate, channel, order_no),
        row_number() over (partition by candidate order by line_number) as rank,
        count(*) over (partition by candidate) as items,
    from till_checkouts
    join orders using (candidate)
    join lines using (candidate)
),
told as (
    select
        *,
        local_at::date >= {{ last_days }} and u('items later', candidate) < {{ later }} as items_come_later,
        refund_share = 0 and local_at::date < {{ last_days }} and u('clock reset', order_no) < {{ reset }} as is_clock_reset,
        local_at::date >= {{ last_days }} and items > 1 and not items_come_later and u('items cut', candidate) < {{ cut }} as is_cut,
    from sold
)
select
    *, local_at as filed_at, 'Payment' as event_type, 1 as sign,
    -- the till had lost its clock
    if(is_clock_reset, timestamp '2000-01-01' + (local_at - date_trunc('day', local_at)), local_at) as happened_at,
from told
union all by name
select *, refunded_at as filed_at, refunded_at as happened_at, 'Refund' as event_type, -1 as sign
from told
where refund_share > 0 and rank <= ceil(items * refund_share)
order by happened_at, transaction_id, event_type, line_number
