{#
holes:
  counting: select sequence, load_id from delivered
#}
with

counting as ({{ counting }}),

ruled as (
    select sequence, max(ruled_at) as ruled_at
    from delivery_rulings
    group by sequence
),

published as (
    select max(created_at) as created_at
    from generations
    where status = 'current'
)

select distinct deliveries.sequence, deliveries.channel, deliveries.export, deliveries.file_name, deliveries.size_bytes
from deliveries
inner join counting using (sequence)
cross join published
left join ruled using (sequence)
where published.created_at is null
    or greatest(deliveries.delivered_at, coalesce(ruled.ruled_at, deliveries.delivered_at)) > published.created_at
order by deliveries.sequence
