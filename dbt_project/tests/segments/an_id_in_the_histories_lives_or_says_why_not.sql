-- a warning: rows of former runs whose id neither lives nor was merged or retired (as after a rollback)
{{ config(severity='warn', tags=['law']) }}
with

live as (
    select distinct customer_id
    from {{ ref('customer_crosswalk') }}
)

select history.as_of_date, history.customer_id
from {{ ref('rfm_history') }} as history
left join live
    on history.customer_id = live.customer_id
where live.customer_id is null and history.closed_reason is null
