-- how many customers went from one segment to another between two runs' dates; merged ids count as their successor
with

history as (
    select
        as_of_date,
        coalesce(successor_customer_id, customer_id) as customer_id,
        segment
    from {{ ref('rfm_history') }}
    qualify row_number() over (
        partition by as_of_date, coalesce(successor_customer_id, customer_id)
        order by monetary desc, customer_id
    ) = 1
),

dates as (
    select as_of_date, lead(as_of_date) over (order by as_of_date) as next_date
    from (select distinct as_of_date from history) as distinct_dates
),

befores as (
    select dates.as_of_date as from_date, dates.next_date as to_date, history.customer_id, history.segment
    from history
    inner join dates
        on history.as_of_date = dates.as_of_date
    where dates.next_date is not null
),

afters as (
    select dates.as_of_date as from_date, dates.next_date as to_date, history.customer_id, history.segment
    from history
    inner join dates
        on history.as_of_date = dates.next_date
)

select
    coalesce(befores.from_date, afters.from_date) as from_date,
    coalesce(befores.to_date, afters.to_date) as to_date,
    coalesce(befores.segment, '(not scored)') as from_segment,
    coalesce(afters.segment, '(not scored)') as to_segment,
    count(*) as customer_count
from befores
full outer join afters
    on befores.from_date = afters.from_date
    and befores.customer_id = afters.customer_id
group by 1, 2, 3, 4
