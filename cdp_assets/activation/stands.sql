select
    l.destination,
    l.audience,
    k.contact_type,
    k.platform_key,
    e.key_id,
    case
        when e.remove_batch is not null and (r.status = 'refused' or ra.outcome = 'refused') then 'removal refused'
        when e.remove_batch is not null and r.status = 'pending' then 'removal waits'
        when e.remove_batch is null and aa.outcome = 'accepted' then 'there'
        when e.remove_batch is not null or e.add_batch is null or a.status in ('superseded', 'refused') then 'to be proposed'
        when aa.outcome = 'refused' then 'refused'
        when a.status = 'acknowledged' then 'there'
        else 'waits'
    end as stands,
    coalesce(ra.reason, case when r.status = 'refused' then r.note end, aa.reason) as reason
from activation_entries as e
join activation_lists as l using (list_id)
join activation_keys as k using (key_id)
left join activation_batches as a on e.add_batch = a.batch_no
left join activation_batches as r on e.remove_batch = r.batch_no
left join activation_answers as aa on e.add_batch = aa.batch_no and e.key_id = aa.key_id
left join activation_answers as ra on e.remove_batch = ra.batch_no and e.key_id = ra.key_id
