{#
holes:
  ledger: ledger
  quoted_name: meta_ads
  as_of: '2017-12-31'
  max_event_age_days: 7
  return_window_days: 30
  takes_adjustments: true
unportable: [arg_max()]
#}
with before as (
    select e.event_id, e.kind, e.net_amount, e.batch_no, b.status from {{ ledger }}.activation_events as e
    join {{ ledger }}.activation_batches as b using (batch_no)
    where e.destination = '{{ quoted_name }}' and b.status in ('pending', 'acknowledged')
),
sent as (
    select
        event_id, arg_max(net_amount, batch_no) as net_amount, max(batch_no) as batch_no, arg_max(status, batch_no) as status
    from before group by event_id
)
select order_id || '' as order_id, channel, customer_no, customer_id, ordered_at, currency, net_amount, kind, batch_no, step,
    channel || ':' || order_id as event_id
from (
    select
        o.order_id, o.channel, c.rowid::integer as customer_no, o.customer_id, o.ordered_at, o.currency,
        {% if takes_adjustments %}
        -- a lost answer may have left it there, and its platform drops a second of the same id: what it is worth now is an adjustment's
        case when s.status = 'pending' then s.net_amount else o.net_amount end as net_amount,
        {% else %}
        o.net_amount,
        {% endif %}
        'event' as kind, s.batch_no,
        case
            when o.order_date < date '{{ as_of }}' - {{ max_event_age_days }} then 1
            when o.order_date > date '{{ as_of }}' - {{ return_window_days }} then 2
            when c.rowid is null then 3
            when o.net_amount <= 0 and (s.event_id is null{% if not takes_adjustments %} or s.status = 'pending'{% endif %}) then 4
            when p.customer_no is null then 5
            when s.event_id is not null then 6
            else 0
        end as step
    from marts.orders as o
    left join marts.customers as c using (customer_id)
    left join event_people as p on p.customer_no = c.rowid
    left join sent as s on s.event_id = o.channel || ':' || o.order_id
    where o.is_conversion
    {%- if takes_adjustments %}
    union all
    select
        o.order_id, o.channel, c.rowid::integer, o.customer_id, o.ordered_at, o.currency, o.net_amount,
        'adjustment', null::integer, case when p.customer_no is null then 5 else 0 end
    from sent as s
    join marts.orders as o on o.channel || ':' || o.order_id = s.event_id
    join marts.customers as c using (customer_id)
    left join event_people as p on p.customer_no = c.rowid
    where s.status = 'acknowledged' and s.net_amount <> o.net_amount
    {%- endif %}
) as every_event
