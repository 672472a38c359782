{#
holes:
  drawn: former_id < 'm'
#}
with recursive
living as (select customer_id as living_id from marts.customers),
merges as (
    select customer_id as heir, other_customer_id as former_id from marts.customer_id_events
    where event = 'merged' and other_customer_id not in (select living_id from living)
),
heirs as (
    select heir, former_id from merges
    union
    select merges.heir, heirs.former_id from heirs inner join merges on heirs.heir = merges.former_id
)
select heir from heirs where {{ drawn }}
