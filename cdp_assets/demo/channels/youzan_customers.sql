{#
holes:
  day: '2017-12-31'
  twice: 0.5
  cells: person_no
#}
with spent as (
    select
        person_no,
        sum(gross - discount + shipping) as spent,
        count(*) as orders,
        sum(refunded) as refunded,
        count(*) filter (where refund_share > 0) as refunds,
        max(local_at) as last_at
    from program_orders
    where local_at < date '{{ day }}' + 1
    group by person_no
),
listed as (
    select * from program_customers where is_listed
    union all
    -- listed before, under a form of address, by somebody at the counter; the last line of a phone counts
    select * replace (
        surname || if(gender = 'F', '女士', '先生') as shown_name, null as birth_date,
        became_at - to_days(40) as became_at)
    from program_customers
    where is_listed and full_phone is not null and u('listed twice', person_no) < {{ twice }}
)
select {{ cells }}
from listed
left join spent using (person_no)
where became_at < date '{{ day }}' + 1
order by became_at, person_no
