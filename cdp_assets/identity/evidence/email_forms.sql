{#
holes:
  gmail_domains: "'a.example', 'b.example'"
  plus_domains: "'a.example', 'b.example'"
  relay_domains: "'a.example', 'b.example'"
#}
create or replace temp table email_forms as
with addresses as (
    select email_raw, coalesce(email_checked.address, email_rare.address) as address
    from email_checked
    left join email_rare using (email_raw)
),
parts as (
    select
        email_raw,
        split_part(address, '@', 1) as user_part,
        split_part(address, '@', 2) as domain_part
    from addresses
    where address is not null
),
canonical as (
    select
        email_raw,
        case when domain_part in ({{ gmail_domains }}) then 'gmail.com' else domain_part end
            as email_domain,
        case when domain_part in ({{ plus_domains }}) then split_part(user_part, '+', 1)
            else user_part end as without_tag
    from parts
)
select
    email_raw, email_domain,
    case when email_domain = 'gmail.com' then replace(without_tag, '.', '') else without_tag end as email_user,
    email_user || '@' || email_domain as email,
    email_domain in ({{ relay_domains }}) as is_relay
from canonical
where without_tag <> ''
