{#
unportable: [pow()]
#}
create or replace temp table built_clusters as
with keyed as (
    select label, min(unit_key) as cluster_key
    from cluster_units
    inner join unit_labels using (unit)
    group by label
),
whole as (
    select component, min(unit_key) as component_key
    from cluster_units
    inner join unit_labels using (unit)
    group by component
),
ties as (
    select edges.unit_l, edges.unit_r, edges.weight
    from cluster_edges as edges
    inner join unit_labels as l on l.unit = edges.unit_l
    inner join unit_labels as r on r.unit = edges.unit_r
    where l.label = r.label
),
support as (
    select unit, max(weight) as weight
    from (
        select unit_l as unit, weight from ties
        union all
        select unit_r, weight from ties
        union all
        select unit, self_weight from cluster_units where record_count > 1 and self_weight is not null
    )
    group by unit
)
select
    unit_records.record_key,
    keyed.cluster_key,
    coalesce(1 / (1 + pow(2, -least(support.weight, 60))), 1.0) as confidence,
    whole.component_key
from unit_records
inner join unit_labels using (unit)
inner join keyed using (label)
inner join whole using (component)
left join support using (unit)
