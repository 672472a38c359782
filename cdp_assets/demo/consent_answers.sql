{#
holes:
  asked: '{''purpose'': ''email'', ''yes'': 0.5}'
  latest: timestamp '2017-12-31'
  rates: {ends: 0.5, taken_back: 0.5, objects: 0.5, former_address: 0.5, odd_word: 0.5, odd_purpose: 0.5, odd_kind: 0.5, short_number: 0.5}
#}
create or replace temp table consent_answers as
with contacts as (
    select member_id, person_no, joined_at, 'email' as contact_kind, email as contact
    from loyalty_members where email is not null
    union all
    select member_id, person_no, joined_at, 'sms', phone from loyalty_members where phone is not null
),
questions as (
    select *, unnest([{{ asked }}]) as question from contacts
),
drawn as (
    select
        *, question.purpose as purpose,
        contact_kind || '.' || question.purpose || '.' || member_id as asked_as,
        u('consent', asked_as) as luck,
        date_trunc('second', least({{ latest }}, greatest(joined_at, timestamp '2016-01-01')
            + to_seconds(3600 + pick('consent asked', asked_as, 7000000)))) as first_local
    from questions
),
first_answers as (
    select
        asked_as as answer, member_id, person_no, contact_kind, contact, purpose, first_local as at_local,
        if(luck < question.yes, 'opt_in', 'opt_out') as choice,
        if(luck < question.yes and u('consent ends', asked_as) < {{ rates.ends }},
            first_local + to_days(90 + pick('consent ends after', asked_as, 300)::int), null) as expires_local,
        'form' as given_by
    from drawn
    where luck < question.yes + question.no
),
taken_back as (
    select * replace (
        answer || '.back' as answer, 'withdraw' as choice, null as expires_local,
        if(u('back by call', answer) < 0.3, 'call', 'form') as given_by,
        at_local + to_seconds(86400 + pick('consent back', answer, 9000000)) as at_local)
    from first_answers
    where choice = 'opt_in' and u('takes back', answer) < {{ rates.taken_back }}
),
objections as (
    select
        'objection.' || purpose || '.' || member_id as answer, member_id, person_no, 'person' as contact_kind,
        null::varchar as contact, purpose,
        greatest(joined_at, timestamp '2017-01-02') + to_seconds(pick('objects', member_id, 20000000)) as at_local,
        'object' as choice, null::timestamp as expires_local, 'till' as given_by
    from loyalty_members, (select unnest(['marketing', 'ads', 'partners']) as purpose)
    where u('objects', member_id) < {{ rates.objects }}
),
said as (
    select * from first_answers union all by name select * from taken_back union all by name select * from objections
)
select
    said.* replace (
        -- an address that the member has left since: nobody carries it
        case
            when contact_kind = 'email' and u('former address', answer) < {{ rates.former_address }} then 'former.' || contact
            when contact like '+86 %' and u('short number', answer) < {{ rates.short_number }} then substr(contact, 5)
            else contact
        end as contact,
        if(contact_kind <> 'person' and u('odd kind', answer) < {{ rates.odd_kind }}, 'pager', contact_kind) as contact_kind,
        case when u('odd word', answer) < {{ rates.odd_word }} then 'perhaps' else choice end as choice,
        case when u('odd purpose', answer) < {{ rates.odd_purpose }} then 'raffle' else purpose end as purpose),
    if(at_local < timestamp '2017-05-01', 'v3', 'v4') as text_version,
    if(u('member lives', member_id) < 0.96, 'US', 'CN') as jurisdiction
from said
where at_local < {{ latest }}
order by at_local, answer
