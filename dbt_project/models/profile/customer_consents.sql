-- what each customer allows: latest per contact and purpose, then the most restrictive over all contacts; unknown is no
with

consents as (
    {{ union_shape('consents') }}
),

latest as (
    select channel, source_customer_id, purpose, status
    from consents
    qualify row_number() over (
        partition by channel, source_customer_id, contact_type, contact_key, purpose
        order by
            recorded_at desc nulls last,
            case status when 'withdrawn' then 1 when 'denied' then 2 else 3 end
    ) = 1
),

by_customer as (
    select
        customer_ids.customer_id,
        latest.purpose,
        bool_and(latest.status = 'granted') as is_granted,
        bool_or(latest.status in ('denied', 'withdrawn')) as is_denied
    from latest
    inner join {{ source('identity', 'customer_ids') }} as customer_ids
        on latest.channel = customer_ids.channel
        and latest.source_customer_id = customer_ids.source_customer_id
    group by customer_ids.customer_id, latest.purpose
),

customers as (
    select distinct customer_id
    from {{ source('identity', 'customer_ids') }}
)

select
    customers.customer_id,
    coalesce(bool_or(by_customer.is_granted) filter (where by_customer.purpose = 'marketing'), false) as is_marketing_allowed,
    coalesce(bool_or(by_customer.is_granted) filter (where by_customer.purpose = 'profiling'), false) as is_profiling_allowed,
    coalesce(bool_or(by_customer.is_granted) filter (where by_customer.purpose = 'ads_matching'), false) as is_ads_matching_allowed,
    coalesce(bool_or(by_customer.is_granted) filter (where by_customer.purpose = 'sharing'), false) as is_sharing_allowed,
    not coalesce(bool_or(by_customer.is_denied) filter (where by_customer.purpose = 'profiling'), false) as is_profiled
from customers
left join by_customer
    on customers.customer_id = by_customer.customer_id
group by customers.customer_id
