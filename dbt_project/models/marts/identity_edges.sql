-- what connects customer records, or was refused to: one row per pair of records and kind of edge. Records that share a node hang on the
-- first of them, so that a node of n records has n - 1 edges
with

members as (
    select
        nodes.record_key,
        nodes.node_key,
        ids.customer_id
    from {{ source('identity', 'nodes') }} as nodes
    inner join {{ source('identity', 'customer_ids') }} as ids on nodes.record_key = ids.record_key
),

heads as (
    select
        node_key,
        customer_id,
        min(record_key) as record_key
    from members
    group by node_key, customer_id
),

found as (
    select
        heads.record_key as record_key_l,
        members.record_key as record_key_r,
        'same_evidence' as edge_kind,
        cast(null as double) as match_weight,
        false as is_refused
    from members
    inner join heads on members.node_key = heads.node_key and members.customer_id = heads.customer_id
    where members.record_key <> heads.record_key
    union all
    select
        least(l.record_key, r.record_key) as record_key_l,
        greatest(l.record_key, r.record_key) as record_key_r,
        'evidence' as edge_kind,
        pairs.match_weight,
        false as is_refused
    from {{ source('identity', 'pairs') }} as pairs
    inner join heads as l on pairs.node_key_l = l.node_key
    inner join heads as r on pairs.node_key_r = r.node_key
    where l.customer_id = r.customer_id
    union all
    select
        record_key_l,
        record_key_r,
        link_type as edge_kind,
        cast(null as double) as match_weight,
        is_refused
    from {{ source('identity', 'links') }}
    union all
    select
        least(record_key_l, record_key_r) as record_key_l,
        greatest(record_key_l, record_key_r) as record_key_r,
        kind as edge_kind,
        match_weight,
        true as is_refused
    from {{ source('identity', 'cluster_conflicts') }}
    union all
    select
        record_key_l,
        record_key_r,
        kind as edge_kind,
        cast(null as double) as match_weight,
        true as is_refused
    from {{ source('state', 'rulings') }}
    where kind = 'cannot_link' and not is_undone
)

select
    found.record_key_l,
    found.record_key_r,
    found.edge_kind,
    l.customer_id as customer_id_l,
    r.customer_id as customer_id_r,
    max(found.match_weight) as match_weight,
    min(case when found.is_refused then 1 else 0 end) = 1 as is_refused
from found
inner join {{ source('identity', 'customer_ids') }} as l on found.record_key_l = l.record_key
inner join {{ source('identity', 'customer_ids') }} as r on found.record_key_r = r.record_key
group by found.record_key_l, found.record_key_r, found.edge_kind, l.customer_id, r.customer_id
