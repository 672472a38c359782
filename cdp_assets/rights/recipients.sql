-- to whom keys of hers are, or may be, known: what stands on a list, what an audience's list was given while she was in it and has removed
-- since (the ledger keeps no key that is gone), conversions, and tables for partners in which she was counted
with her_entries as (
    select k.key_id, c.customer_id, k.contact_type, e.list_id, e.batch_no
    from state.activation_key_customers as c
    inner join state.activation_keys as k using (key_id)
    inner join (
        select list_id, key_id, add_batch as batch_no from state.activation_entries where add_batch is not null
        union all
        select list_id, key_id, remove_batch from state.activation_entries where remove_batch is not null
    ) as e using (key_id)
    where c.customer_id in (select customer_id from her_ids)
),

stays as (
    select audience, on_date as since, lead(on_date, 1, date '9999-12-31') over (partition by audience, customer_id order by on_date, event) as until, event
    from state.audience_history
    where customer_id in (select customer_id from her_ids)
),

given as (
    select l.destination, l.audience, min(b.proposed_on) as proposed_on, max(b.answered_on) as answered_on
    from stays
    inner join state.activation_lists as l using (audience)
    inner join state.activation_batches as b using (list_id)
    where stays.event = 'entered' and b.operation in ('add', 'replace') and b.status = 'acknowledged'
        and b.proposed_on between stays.since and stays.until
        and l.list_id not in (select list_id from her_entries)
    group by all
),

-- ids that stood for somebody else, too: that a list with them was given is told, whose groups they were is not
shared as (
    select l.destination, b.proposed_on, b.answered_on
    from her_former_ids as f
    inner join state.activation_key_customers using (customer_id)
    inner join state.activation_entries as e using (key_id)
    inner join state.activation_lists as l using (list_id)
    inner join state.activation_batches as b on e.add_batch = b.batch_no
    where b.status = 'acknowledged' and b.proposed_on between f.since and f.until
    union all
    select l.destination, b.proposed_on, b.answered_on
    from her_former_ids as f
    inner join state.audience_history as h on f.customer_id = h.customer_id and h.event = 'entered' and h.on_date <= f.until
    inner join state.activation_lists as l using (audience)
    inner join state.activation_batches as b using (list_id)
    where b.operation in ('add', 'replace') and b.status = 'acknowledged' and b.proposed_on between greatest(f.since, h.on_date) and f.until
)

select
    l.destination, l.audience, e.contact_type, b.operation, min(b.proposed_on) as proposed_on, max(b.answered_on) as answered_on,
    case when bool_or(b.status = 'acknowledged') then 'acknowledged' else max(b.status) end as status
from her_entries as e
inner join state.activation_lists as l using (list_id)
inner join state.activation_batches as b using (batch_no)
group by l.destination, l.audience, e.contact_type, b.operation
union all
select destination, audience, null, 'add', proposed_on, answered_on, 'may_have_been_given'
from given
union all
select destination, null, null, 'add', min(proposed_on), max(answered_on), 'may_have_been_given'
from shared
group by destination
union all
select destination, kind, 'conversion', 'event', min(proposed_on), max(answered_on), max(status)
from state.activation_events inner join state.activation_batches using (batch_no)
where customer_id in (select customer_id from her_ids)
group by destination, kind
union all
select partner, share, 'table', 'counted', cast(charged_at as date), cast(released_at as date), case when released_at is null then 'pending' else 'released' end
from state.share_charges inner join state.share_releases using (release_id, partner)
where customer_id in (select customer_id from her_ids)
order by all
