create or replace temp table letters as
with sent as (
    select euid, person_no, month, timestamp '2017-01-04 15:00:00' + to_months(month::int) + to_seconds(pick('sent', euid || month, 900)) as sent_at
    from subscribers, range(12) as months(month)
    where opted_in_at < sent_at and (unsubscribed_at is null or unsubscribed_at > sent_at)
),
happened as (
    select euid, person_no, 'weekly-newsletter' as campaign, 'sent' as action, sent_at as at_utc from sent
    union all
    select euid, person_no, 'weekly-newsletter', 'bounce', sent_at + to_seconds(30)
    from sent where u('bounces', euid || month) < 0.012
    union all
    select euid, person_no, 'weekly-newsletter', 'open', sent_at + to_seconds(600 + pick('opened', euid || month, 90000))
    from sent where u('opens', euid || month) between 0.012 and 0.31
    union all
    select euid, person_no, 'weekly-newsletter', 'unsubscribe', unsubscribed_at
    from subscribers where unsubscribed_at >= timestamp '2017-01-01'
    union all
    select euid, touches.person_no, touches.campaign, 'click', at_utc - to_seconds(3)
    from touches join subscribers using (person_no)
    where marketing_channel = 'email' and at_utc > opted_in_at and (unsubscribed_at is null or at_utc < unsubscribed_at)
)
select distinct 'MA' || upper(left(md5('activity ' || euid || action || at_utc), 14)) as activity_id, *
from happened
where at_utc < timestamp '2018-01-01'
