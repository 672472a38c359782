-- whether each conversion won a new customer: true, false, or null where the data cannot tell. Not the first order of its customer, or of
-- one with an account older than its channel's data: no. An account opened since, before the order: yes. Nothing known of when the
-- customer came: only once the channel's data are older than the burn-in; before, a first order may be a first only to the data. The first
-- time that an export mentions somebody (a log-in, a till's receipt) opens no account
with

overall as (
    select min(data_start_date) as data_start_date
    from {{ ref('channel_data_starts') }}
),

accounts as (
    select
        customer_ids.customer_id,
        min({{ business_date('records.opened_at') }}) as opened_date,
        bool_or({{ business_date('records.opened_at') }} < coalesce(starts.data_start_date, overall.data_start_date)) as is_older_than_data
    from {{ ref('customer_records') }} as records
    inner join {{ source('identity', 'customer_ids') }} as customer_ids
        on records.channel = customer_ids.channel
        and records.source_customer_id = customer_ids.source_customer_id
    cross join overall
    left join {{ ref('channel_data_starts') }} as starts
        on records.channel = starts.channel
    where records.record_kind in ('account', 'member')
        and records.opened_at is not null
    group by customer_ids.customer_id
)

select
    orders.channel,
    orders.order_id,
    case
        when orders.customer_id is null or not orders.is_conversion then cast(null as boolean)
        when orders.customer_order_number > 1 then false
        when accounts.is_older_than_data then false
        when accounts.opened_date <= orders.order_date then true
        when orders.order_date >= {{ add_days('starts.data_start_date', var('new_customer_burn_in_days')) }} then true
    end as is_new_customer
from {{ ref('customer_orders') }} as orders
left join {{ ref('channel_data_starts') }} as starts
    on orders.channel = starts.channel
left join accounts
    on orders.customer_id = accounts.customer_id
