{#
holes:
  has_activity: true
#}
with before as (select record_key, customer_id from state.customer_id_history where to_generation is null),
moves as (
    select * from identity.customer_id_changes where old_customer_id is not null and new_customer_id is not null
),
money as (
    {%- if has_activity %}
    select ids.record_key, coalesce(a.revenue, 0)::double as revenue from identity.customer_ids as ids
    left join identity.customer_activity as a using (channel, source_customer_id)
    {%- else %}
    select record_key, 0::double as revenue from identity.customer_ids
    {%- endif %}
),
events as (
    select event, count(*) as n from identity.customer_id_events
    where generation_number = (select coalesce(max(generation_number), 0) + 1 from state.identity_generations)
    group by event
),
touched as (
    select old_customer_id as customer_id from moves
    union select new_customer_id from moves where new_customer_id in (select customer_id from before)
)
select
    (select count(distinct customer_id) from before),
    (select count(distinct customer_id) from identity.customer_ids),
    coalesce((select n from events where event = 'created'), 0),
    coalesce((select n from events where event = 'merged'), 0),
    coalesce((select n from events where event = 'split'), 0),
    coalesce((select n from events where event = 'retired'), 0),
    (select count(*) from moves),
    (select count(*) from before semi join identity.customer_ids using (record_key)),
    coalesce((select sum(revenue) from money semi join moves using (record_key)), 0),
    coalesce((select sum(revenue) from money semi join before using (record_key)), 0),
    coalesce((select max(n) from (select count(*) as n from before group by customer_id)), 0),
    coalesce((select max(n) from (select count(*) as n from identity.customer_ids group by customer_id)), 0),
    (select count(*) from touched)
