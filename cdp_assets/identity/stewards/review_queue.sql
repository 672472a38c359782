{#
holes:
  review_probability: 0.5
  publish_probability: 0.9
  least_weight: -4.2
  activity: select channel, source_customer_id, 0.0 as revenue from identity.customer_ids
unportable: [any_value(), pow()]
#}
create or replace table identity.review_queue as
with unsure as (
    select node_key_l, node_key_r, match_probability, match_weight, match_key
    from identity.pairs
    where match_probability >= {{ review_probability }} and match_probability < {{ publish_probability }}
),
node_records as (
    select nodes.node_key, min(nodes.record_key) as record_key
    from identity.nodes as nodes
    where nodes.node_key in (select unsure.node_key_l from unsure union select unsure.node_key_r from unsure)
    group by nodes.node_key
),
-- One record of each document number: the first.
documents as (
    select identifier_value, min(record_key) as record_key
    from identity.identifiers
    where identifier_type = 'national_id' and not is_blocked
    group by identifier_value having count(*) > 1
),
waiting as (
    select
        'likely_same' as kind, l.record_key as record_key_l, r.record_key as record_key_r,
        p.match_probability, p.match_weight, p.match_key
    from unsure as p
    join node_records as l on l.node_key = p.node_key_l
    join node_records as r on r.node_key = p.node_key_r
    union all
    -- Records of the same evidence that does not suffice alone, such as a rare name.
    select
        'likely_same', min(nodes.record_key), max(nodes.record_key),
        1 / (1 + pow(2, -any_value(scored.self_weight))), any_value(scored.self_weight), 'same_evidence'
    from identity.scored_nodes as scored
    join identity.nodes as nodes using (node_key)
    where 1 / (1 + pow(2, -scored.self_weight)) >= {{ review_probability }}
        and 1 / (1 + pow(2, -scored.self_weight)) < {{ publish_probability }}
    group by nodes.node_key
    having count(*) between 2 and 5
    union all
    -- A document is one person's, but it is lent and mistyped: who shares one and is two is looked at whatever else is known.
    select
        'same_document', documents.record_key, i.record_key,
        coalesce(p.match_probability, 0.0), coalesce(p.match_weight, {{ least_weight }}), 'same_document'
    from documents
    join identity.identifiers as i
        on i.identifier_type = 'national_id' and not i.is_blocked and i.identifier_value = documents.identifier_value
        and i.record_key <> documents.record_key
    join identity.nodes as nl on nl.record_key = documents.record_key
    join identity.nodes as nr on nr.record_key = i.record_key
    left join identity.pairs as p
        on p.node_key_l = least(nl.node_key, nr.node_key) and p.node_key_r = greatest(nl.node_key, nr.node_key)
    union all
    select kind, record_key_l, record_key_r, 1 / (1 + pow(2, -match_weight)), match_weight, kind
    from identity.cluster_conflicts
),
placed as (
    select
        waiting.*,
        l.customer_id as customer_id_l,
        r.customer_id as customer_id_r,
        nl.node_key as node_key_l,
        nr.node_key as node_key_r
    from waiting
    join identity.customer_ids as l on l.record_key = waiting.record_key_l
    join identity.customer_ids as r on r.record_key = waiting.record_key_r
    join identity.nodes as nl on nl.record_key = waiting.record_key_l
    join identity.nodes as nr on nr.record_key = waiting.record_key_r
    where l.customer_id <> r.customer_id or waiting.kind = 'held'
),
best as (
    select * from placed
    qualify row_number() over (
        partition by least(customer_id_l, customer_id_r), greatest(customer_id_l, customer_id_r)
        order by match_weight desc, kind, record_key_l, record_key_r) = 1
),
size as (
    select ids.customer_id, count(*) as records, coalesce(sum(activity.revenue), 0) as revenue
    from identity.customer_ids as ids
    left join ({{ activity }}) as activity using (channel, source_customer_id)
    where ids.customer_id in (select best.customer_id_l from best union select best.customer_id_r from best)
    group by ids.customer_id
)
select
    row_number() over (
        -- the last digits of a weight depend on the engine
        order by round(p.match_probability * (least(sl.revenue, sr.revenue) + least(sl.records, sr.records)), 6) desc,
            p.record_key_l, p.record_key_r) as rank,
    p.kind, p.record_key_l, p.record_key_r, p.customer_id_l, p.customer_id_r,
    p.match_probability, p.match_weight, p.match_key,
    least(sl.records, sr.records) as records_affected,
    least(sl.revenue, sr.revenue) as revenue_affected,
    pseudonym('evidence' || chr(31) || least(p.node_key_l, p.node_key_r) || chr(31)
        || greatest(p.node_key_l, p.node_key_r)) as evidence_hash
from best as p
join size as sl on sl.customer_id = p.customer_id_l
join size as sr on sr.customer_id = p.customer_id_r
order by rank
