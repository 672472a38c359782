-- how many customers went from one lifecycle stage to another from month to month; `(not known yet)` are the newcomers
with

moves as (
    select
        month_end,
        customer_id,
        coalesce(lag(stage) over (partition by customer_id order by month_end), '(not known yet)') as from_stage,
        stage as to_stage
    from {{ ref('lifecycle_months') }}
)

select month_end, from_stage, to_stage, count(*) as customer_count
from moves
group by month_end, from_stage, to_stage
