{#
holes:
  is_held: true
unportable: [any_value()]
#}
create or replace temp table claims as
with last_held as (
    -- A retired id claims the records that it held last.
    select h.customer_id, h.record_key, h.from_generation, false as is_live
    from state.customer_id_history as h
    join (
        select customer_id, max(to_generation) as last_generation
        from state.customer_id_history
        where customer_id in (
            select gone.customer_id from state.customer_id_history as gone
            where gone.to_generation is not null {%- if is_held %} and gone.record_key in (select rebuilt.record_key from rebuilt) {%- endif %}
        )
        group by customer_id
        having count(*) filter (where to_generation is null) = 0
    ) as retired on retired.customer_id = h.customer_id and retired.last_generation = h.to_generation
),
held as (
    select customer_id, record_key, from_generation, true as is_live from current_map
    where customer_id not in (select settled.customer_id from settled)
    union all
    select customer_id, record_key, from_generation, is_live from last_held
),
sized as (
    select *, count(*) over (partition by customer_id) as id_size from held
)
select
    sized.customer_id,
    clusters.cluster_key,
    any_value(sized.is_live) as is_live,
    count(*) as records_shared,
    count(*) filter (where records.record_kind in ('account', 'member')) as accounts_shared,
    min(sized.from_generation) as held_since,
    any_value(sized.id_size) as id_size,
    any_value(issued.first_generation) as first_generation
from sized
join (
    select record_key, cluster_key from clusters_here
    where cluster_key not in (select settled.cluster_key from settled)
) as clusters using (record_key)
join identity.records as records using (record_key)
join state.issued_ids as issued on issued.customer_id = sized.customer_id
group by sized.customer_id, clusters.cluster_key
