-- how many customers went from one segment to another between two dates of the history, where both were scored by one scheme; merged
-- ids count as their successor
with

history as (
    select
        as_of_date,
        coalesce(successor_customer_id, customer_id) as customer_id,
        segment,
        scheme_version,
        is_inferred
    from {{ ref('rfm_history') }}
    qualify row_number() over (
        partition by as_of_date, coalesce(successor_customer_id, customer_id)
        order by monetary desc, customer_id
    ) = 1
),

dates as (
    select
        as_of_date,
        case when scheme_version = lead(scheme_version) over (order by as_of_date) then lead(as_of_date) over (order by as_of_date) end as next_date,
        is_inferred or lead(is_inferred) over (order by as_of_date) as is_inferred
    from (select distinct as_of_date, scheme_version, is_inferred from history) as distinct_dates
),

befores as (
    select dates.as_of_date as from_date, dates.next_date as to_date, dates.is_inferred, history.customer_id, history.segment
    from history
    inner join dates
        on history.as_of_date = dates.as_of_date
    where dates.next_date is not null
),

afters as (
    select dates.as_of_date as from_date, dates.next_date as to_date, dates.is_inferred, history.customer_id, history.segment
    from history
    inner join dates
        on history.as_of_date = dates.next_date
)

select
    coalesce(befores.from_date, afters.from_date) as from_date,
    coalesce(befores.to_date, afters.to_date) as to_date,
    coalesce(befores.segment, '(not scored)') as from_segment,
    coalesce(afters.segment, '(not scored)') as to_segment,
    coalesce(befores.is_inferred, afters.is_inferred) as is_inferred,
    count(*) as customer_count
from befores
full outer join afters
    on befores.from_date = afters.from_date
    and befores.customer_id = afters.customer_id
group by 1, 2, 3, 4, 5
