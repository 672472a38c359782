{#
holes:
  mailbox: address
  relay_domains: "'a.example', 'b.example'"
#}
create or replace temp table email_forms as
with addresses as (
    select email_raw, coalesce(email_checked.address, email_rare.address) as address
    from email_checked
    left join email_rare using (email_raw)
),
mailboxes as (
    select email_raw, {{ mailbox }} as email
    from addresses
    where address is not null and address not like '+%'
)
select
    email_raw,
    split_part(email, '@', 2) as email_domain,
    split_part(email, '@', 1) as email_user,
    email,
    email_domain in ({{ relay_domains }}) as is_relay
from mailboxes
