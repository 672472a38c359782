{#
holes:
  records: '''records.parquet'''
  leads: '''leads.parquet'''
  again: '''again'''
  unknown: '''unknown'''
  unread: '''unread'''
#}
create or replace temp table asking as
with records as (
    select * from read_parquet({{ records }})
),
leads as (
    select * from read_parquet({{ leads }})
),
known as (
    select
        person_id,
        min_by(channel || '/' || source_customer_id, md5(channel || source_customer_id)) as record,
        min_by(support_id, md5(channel || source_customer_id)) as support_id
    from records
    where support_id is not null and not contains(source_customer_id, ':') and traps = []
    group by person_id
    having count(distinct channel) between 2 and 4
),
-- who stands on the list that no channel reads comes first
drawn as (
    select
        *,
        row_number() over (
            order by person_id in (select leads.person_id from leads) desc, md5('asks ' || person_id)
        ) as number
    from known
),
kinds as (
    select unnest($kinds) as kind, unnest($laws) as jurisdiction, unnest(range(1, 7)) as number
),
asked as (
    select
        drawn.number, kinds.kind, kinds.jurisdiction, drawn.record, null as email,
        drawn.person_id, drawn.support_id, 'asks' as why
    from drawn
    inner join kinds on drawn.number = kinds.number
    union all
    select 7, 'erase', 'gdpr', record, null, person_id, support_id, {{ again }} from drawn where number = 1
    union all
    select 8, 'access', 'gdpr', 'shopify/nobody', null, null, null, {{ unknown }}
    union all
    select 9, 'erase', 'gdpr', null, min(email), null, null, {{ unread }} from leads where person_id is null
)
select
    asked.*,
    md5('request ' || asked.number)::uuid::varchar as request_id,
    (select count(*) from records where records.support_id = asked.support_id) as supported_records,
    (select count(*) from records where records.person_id = asked.person_id) as true_records,
    (
        select count(*) from leads
        where leads.person_id = asked.person_id or leads.email = asked.email
    ) as unread_rows
from asked
