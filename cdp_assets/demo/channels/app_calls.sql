{#
holes:
  uses_app: 0.5
  opens: 9
#}
create or replace temp table app_calls as
with users as (
    select
        web_accounts.*, entry_date, exit_date,
        md5('install ' || customer_id) as install,
        substr("install", 1, 8) || '-' || substr("install", 9, 4) || '-4' || substr("install", 14, 3) || '-8'
            || substr("install", 18, 3) || '-' || substr("install", 21, 12) as anonymous_id
    from web_accounts
    join persons using (person_no)
    where slot = 0 and u('app', customer_id) < {{ uses_app }}
),
visits as (
    select *, unnest(range(1 + pick('opens', customer_id, {{ opens }}))) as visit from users
),
dated as (
    select
        *,
        customer_id || '.' || visit as opening,
        epoch(least(exit_date, date '2017-12-31')::timestamp) - epoch(entry_date::timestamp) as seconds,
        entry_date::timestamp
            + to_seconds(greatest(36000, floor(u('opened at', opening) * seconds)::bigint)) as opened_at
    from visits
),
opened as (
    select *, row_number() over (partition by customer_id order by opened_at, visit) as nth from dated
),
called as (
    select *, unnest([
        {'type': 'track', 'name': 'Application Opened', 'after': 0},
        if(nth = 2, {'type': 'identify', 'name': null, 'after': 20}, null),
        {'type': 'page', 'name': 'Offers', 'after': 31},
        if(u('looks', opening) < 0.4, {'type': 'track', 'name': 'Product Viewed', 'after': 75}, null)
    ]) as call
    from opened
)
select
    * exclude (call),
    call.type as type,
    call.name as name,
    opened_at + to_seconds(call.after) + to_milliseconds(pick('millis', opening || call.type, 900)) as at_utc,
    nth > 2 or (nth = 2 and call.after >= 20) as is_logged_in,
    'app-' || md5(opening || call.type || coalesce(call.name, '')) as message_id,
    u('pushed', opening) < 0.3 and call.name = 'Application Opened' as is_pushed
from called
where call is not null
order by at_utc, message_id
