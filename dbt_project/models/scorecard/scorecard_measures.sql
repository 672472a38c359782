-- what scorecards are made of: every numerator and denominator, per week and per quarter
with

periods as (
    select cadence, period_start, period_end
    from {{ ref('scorecard_periods') }}
),

-- each day belongs to one week and one quarter
cadences as (
    select 'weekly' as cadence, 'week' as unit
    union all
    select 'quarterly' as cadence, 'quarter' as unit
),

first_purchases as (
    select customer_id, min(order_date) as first_date
    from {{ ref('customer_orders') }}
    where is_conversion and customer_id is not null
    group by customer_id
),

second_channels as (
    select customer_id, min(first_date) as second_channel_date
    from (
        select customer_id, channel, min(order_date) as first_date
        from {{ ref('customer_orders') }}
        where is_conversion and customer_id is not null
        group by customer_id, channel
        qualify row_number() over (partition by customer_id order by min(order_date), channel) = 2
    ) as channels
    group by customer_id
),

begun_online as (
    select distinct conversion_id
    from {{ ref('path_touches') }}
    where is_conversion and touch_type not in ('store_visit', 'scan', 'coupon')
),

numbered_orders as (
    select
        orders.*,
        orders.fulfilment_type = 'store' as is_store_order,
        max(case when orders.is_conversion and orders.fulfilment_type = 'store' then orders.ordered_at end) over (
            partition by orders.customer_id
            order by orders.ordered_at, orders.channel, orders.order_id
            rows between unbounded preceding and 1 preceding
        ) as former_store_at
    from {{ ref('customer_orders') }} as orders
),

facts as (
    select
        orders.order_date,
        orders.customer_id,
        orders.gross_revenue,
        orders.discount_revenue,
        orders.net_revenue,
        orders.cost,
        orders.is_conversion,
        orders.is_store_order,
        case when orders.fulfilled_at is not null and not orders.is_store_order
            then {{ seconds_between('orders.ordered_at', 'orders.fulfilled_at') }} / 3600.0 end as fulfilment_hours,
        orders.customer_order_number,
        newness.is_new_customer,
        first_purchases.first_date,
        second_channels.second_channel_date,
        begun_online.conversion_id is not null as is_begun_online,
        orders.customer_id is not null
            and orders.former_store_at >= {{ add_days_to_time('orders.ordered_at', '-' ~ var('attribution_window_days')) }} as is_begun_in_store
    from numbered_orders as orders
    left join {{ ref('order_newness') }} as newness
        on orders.channel = newness.channel
        and orders.order_id = newness.order_id
    left join first_purchases
        on orders.customer_id = first_purchases.customer_id
    left join second_channels
        on orders.customer_id = second_channels.customer_id
    left join begun_online
        on begun_online.conversion_id = orders.channel || ':' || orders.order_id
),

-- what counts as net revenue, on its own day: orders, which linked refunds have restated, less what was given back of no known order
net_facts as (
    select order_date as business_date, customer_id, net_revenue, gross_revenue, is_conversion, fulfilment_type
    from {{ ref('customer_orders') }}
    where order_date <= {{ as_of_date() }}
    union all
    select refund_date as business_date, customer_id, -refund_revenue as net_revenue, 0 as gross_revenue, false as is_conversion, 'none' as fulfilment_type
    from {{ ref('customer_refunds') }}
    where {{ is_unlinked_refund() }} and refund_date <= {{ as_of_date() }}
),

of_net as (
    select
        cadences.cadence,
        cast(case when cadences.unit = 'week' then date_trunc('week', business_date) else date_trunc('quarter', business_date) end as date) as period_start,
        cast(sum(net_revenue) as double) as net_revenue,
        cast(sum(net_revenue) filter (where customer_id is not null) as double) as known_net_revenue
    from net_facts
    cross join cadences
    group by 1, 2
),

of_orders as (
    select
        cadences.cadence,
        cast(case when cadences.unit = 'week' then date_trunc('week', facts.order_date) else date_trunc('quarter', facts.order_date) end as date) as period_start,
        cast(sum(gross_revenue) filter (where is_conversion) as double) as gross_revenue,
        cast(sum(discount_revenue) filter (where is_conversion) as double) as discount_revenue,
        cast(count(*) filter (where is_conversion) as double) as orders,
        cast(sum(gross_revenue) filter (where is_conversion and facts.customer_id is not null) as double) as known_gross_revenue,
        cast(sum(net_revenue) filter (where cost is not null) as double) as costed_net_revenue,
        cast(sum(net_revenue - cost) filter (where cost is not null) as double) as costed_margin,
        cast(count(distinct case when is_conversion then facts.customer_id end) as double) as active_customers,
        cast(count(*) filter (where is_new_customer) as double) as new_customers,
        cast(count(*) filter (where customer_order_number = 1) as double) as first_orders,
        cast(count(*) filter (where customer_order_number = 1 and is_new_customer is null) as double) as first_orders_of_unknown,
        cast(count(distinct case
            when is_conversion and first_date < cast(case when cadences.unit = 'week' then date_trunc('week', order_date) else date_trunc('quarter', order_date) end as date)
                then facts.customer_id end) as double) as repeat_customers,
        cast(count(distinct case
            when is_conversion and second_channel_date is not null
                and (case when cadences.unit = 'week' then date_trunc('week', second_channel_date) else date_trunc('quarter', second_channel_date) end)
                    = (case when cadences.unit = 'week' then date_trunc('week', order_date) else date_trunc('quarter', order_date) end)
                then facts.customer_id end) as double) as cross_channel_customers,
        cast(count(*) filter (where is_conversion and is_store_order) as double) as store_orders,
        cast(count(*) filter (where is_conversion and not is_store_order) as double) as online_orders,
        cast(count(*) filter (where is_conversion and is_store_order and is_begun_online) as double) as store_orders_begun_online,
        cast(count(*) filter (where is_conversion and not is_store_order and is_begun_in_store) as double) as online_orders_begun_in_store,
        {{ exact_sum('fulfilment_hours') }} as fulfilment_hours,
        cast(count(fulfilment_hours) as double) as fulfilled_orders
    from facts
    cross join cadences
    where facts.order_date <= {{ as_of_date() }}
    group by 1, 2
),

dated_refunds as (
    select refund_date as business_date, refund_revenue from {{ ref('customer_refunds') }} where refund_date <= {{ as_of_date() }}
),

of_refunds as (
    select
        cadences.cadence,
        cast(case when cadences.unit = 'week' then date_trunc('week', business_date) else date_trunc('quarter', business_date) end as date) as period_start,
        cast(sum(refund_revenue) as double) as refund_revenue
    from dated_refunds
    cross join cadences
    group by 1, 2
),

of_spend as (
    select
        cadences.cadence,
        cast(case when cadences.unit = 'week' then date_trunc('week', spend_date) else date_trunc('quarter', spend_date) end as date) as period_start,
        cast(sum(spend) as double) as spend
    from {{ ref('daily_spend') }}
    cross join cadences
    group by 1, 2
),

-- touches before the spend's advertisers are credited: last non-direct touch, paid channels that have spend
of_credit as (
    select
        cadences.cadence,
        cast(case when cadences.unit = 'week' then date_trunc('week', conversion_date) else date_trunc('quarter', conversion_date) end as date) as period_start,
        {{ exact_sum('credit_last_non_direct * conversion_' ~ {'gross_revenue': 'value', 'discounted_revenue': 'discounted_value', 'net_revenue': 'net_value', 'margin': 'margin'}[var('return_on')]) }} as paid_revenue
    from {{ ref('credited_touches') }} as credited
    cross join cadences
    where exists (
        select 1
        from {{ ref('daily_spend') }} as spent
        where spent.marketing_channel = credited.marketing_channel
            and (spent.campaign = credited.campaign or spent.campaign is null)
    )
    group by 1, 2
),

of_touches as (
    select
        cadences.cadence,
        cast(case when cadences.unit = 'week' then date_trunc('week', touch_date) else date_trunc('quarter', touch_date) end as date) as period_start,
        cast(count(*) as double) as touches,
        cast(count(customer_id) as double) as known_touches
    from {{ ref('customer_touchpoints') }}
    cross join cadences
    where touch_date <= {{ as_of_date() }}
    group by 1, 2
),

-- what each customer had been and bought by the end of each quarter
by_quarter as (
    select
        customer_id,
        cast(date_trunc('quarter', business_date) as date) as period_start,
        sum(net_revenue) as net_revenue,
        sum(gross_revenue) filter (where is_conversion) as gross_revenue,
        bool_or(is_conversion and fulfilment_type = 'store') as bought_in_store,
        bool_or(is_conversion and fulfilment_type <> 'store') as bought_online
    from net_facts
    where customer_id is not null
    group by 1, 2
),

channels_by_quarter as (
    select customer_id, cast(date_trunc('quarter', first_date) as date) as period_start, count(*) as new_channels
    from (
        select customer_id, channel, min(order_date) as first_date
        from {{ ref('customer_orders') }}
        where customer_id is not null and is_conversion and order_date <= {{ as_of_date() }}
        group by customer_id, channel
    ) as first_in_channel
    group by 1, 2
),

so_far as (
    select
        periods.period_start,
        by_quarter.customer_id,
        sum(by_quarter.net_revenue) as net_revenue,
        sum(case when by_quarter.period_start = periods.period_start then by_quarter.gross_revenue end) as gross_revenue,
        bool_or(by_quarter.bought_in_store) and bool_or(by_quarter.bought_online) as is_omnichannel,
        coalesce(sum(channels_by_quarter.new_channels), 0) as channel_count
    from periods
    inner join by_quarter
        on by_quarter.period_start <= periods.period_start
    left join channels_by_quarter
        on by_quarter.customer_id = channels_by_quarter.customer_id
        and by_quarter.period_start = channels_by_quarter.period_start
    where periods.cadence = 'quarterly'
    group by periods.period_start, by_quarter.customer_id
),

of_lifetimes as (
    select
        'quarterly' as cadence,
        period_start,
        cast(count(*) filter (where channel_count > 0) as double) as customers_ever,
        cast(sum(net_revenue) filter (where channel_count = 1) as double) as one_channel_lifetime_revenue,
        cast(count(*) filter (where channel_count = 1) as double) as one_channel_customers_ever,
        cast(sum(net_revenue) filter (where channel_count > 1) as double) as many_channel_lifetime_revenue,
        cast(count(*) filter (where channel_count > 1) as double) as many_channel_customers_ever,
        cast(count(*) filter (where is_omnichannel) as double) as omnichannel_customers_ever,
        cast(sum(gross_revenue) filter (where is_omnichannel) as double) as omnichannel_gross_revenue,
        cast(sum(net_revenue) filter (where is_omnichannel) as double) / nullif(count(*) filter (where is_omnichannel), 0) as omnichannel_revenue_per_customer,
        cast(sum(net_revenue) filter (where channel_count = 1) as double) / nullif(count(*) filter (where channel_count = 1), 0) as one_channel_revenue_per_customer
    from so_far
    group by 1, 2
),

-- the ledger and freshness are known of today only: they stand on the last quarter
of_operations as (
    select
        'quarterly' as cadence,
        cast(date_trunc('quarter', {{ as_of_date() }}) as date) as period_start,
        (select cast(sum(parsed_rows) as double) from {{ source('state', 'loads') }} where status = 'landed') as parsed_rows,
        (select cast(sum(quarantined_rows) as double) from {{ source('state', 'loads') }} where status = 'landed') as quarantined_rows,
        (
            select cast(max({{ days_between('last_date', as_of_date()) }}) as double)
            from (
                select channel, max(order_date) as last_date
                from {{ ref('customer_orders') }}
                where order_date <= {{ as_of_date() }}
                group by channel
            ) as last_dates
        ) as freshness_days
),

wide as (
    select
        periods.cadence,
        periods.period_start,
        coalesce(of_orders.gross_revenue, 0) as gross_revenue,
        coalesce(of_net.net_revenue, 0) as net_revenue,
        coalesce(of_orders.discount_revenue, 0) as discount_revenue,
        coalesce(of_orders.orders, 0) as orders,
        coalesce(of_orders.known_gross_revenue, 0) as known_gross_revenue,
        coalesce(of_net.known_net_revenue, 0) as known_net_revenue,
        of_orders.costed_net_revenue,
        of_orders.costed_margin,
        coalesce(of_orders.active_customers, 0) as active_customers,
        -- where it is not known of too many whether they are new, neither the new nor those who came back are counted
        case when of_orders.first_orders_of_unknown > {{ var('scorecard_unknown_at_most') }} * of_orders.first_orders then cast(null as double)
            else coalesce(of_orders.new_customers, 0) end as new_customers,
        case when of_orders.first_orders_of_unknown > {{ var('scorecard_unknown_at_most') }} * of_orders.active_customers then cast(null as double)
            else coalesce(of_orders.repeat_customers, 0) end as repeat_customers,
        coalesce(of_orders.cross_channel_customers, 0) as cross_channel_customers,
        coalesce(of_orders.store_orders, 0) as store_orders,
        coalesce(of_orders.online_orders, 0) as online_orders,
        coalesce(of_orders.store_orders_begun_online, 0) as store_orders_begun_online,
        coalesce(of_orders.online_orders_begun_in_store, 0) as online_orders_begun_in_store,
        of_orders.fulfilment_hours,
        of_orders.fulfilled_orders,
        coalesce(of_refunds.refund_revenue, 0) as refund_revenue,
        of_spend.spend,
        coalesce(of_credit.paid_revenue, 0) as paid_revenue,
        of_touches.touches,
        of_touches.known_touches,
        of_lifetimes.customers_ever,
        of_lifetimes.one_channel_lifetime_revenue,
        of_lifetimes.one_channel_customers_ever,
        of_lifetimes.many_channel_lifetime_revenue,
        of_lifetimes.many_channel_customers_ever,
        of_lifetimes.omnichannel_customers_ever,
        of_lifetimes.omnichannel_gross_revenue,
        of_lifetimes.omnichannel_revenue_per_customer,
        of_lifetimes.one_channel_revenue_per_customer,
        of_operations.parsed_rows,
        of_operations.quarantined_rows,
        of_operations.freshness_days
    from periods
    {%- for measured in ['net', 'orders', 'refunds', 'spend', 'credit', 'touches', 'lifetimes', 'operations'] %}
    left join of_{{ measured }}
        on periods.cadence = of_{{ measured }}.cadence
        and periods.period_start = of_{{ measured }}.period_start
    {%- endfor %}
)

{%- set measures = [
    'gross_revenue', 'net_revenue', 'discount_revenue', 'orders', 'known_gross_revenue', 'known_net_revenue', 'costed_net_revenue',
    'costed_margin', 'active_customers', 'new_customers', 'repeat_customers', 'cross_channel_customers', 'store_orders', 'online_orders',
    'store_orders_begun_online', 'online_orders_begun_in_store', 'fulfilment_hours', 'fulfilled_orders', 'refund_revenue', 'spend',
    'paid_revenue', 'touches', 'known_touches', 'customers_ever', 'one_channel_lifetime_revenue', 'one_channel_customers_ever',
    'many_channel_lifetime_revenue', 'many_channel_customers_ever', 'omnichannel_customers_ever', 'omnichannel_gross_revenue',
    'omnichannel_revenue_per_customer', 'one_channel_revenue_per_customer', 'parsed_rows', 'quarantined_rows', 'freshness_days',
] %}
{% for measure in measures %}
select cadence, period_start, '{{ measure }}' as measure, {{ measure }} as measured_value
from wide
{%- if not loop.last %}
union all
{%- endif %}
{%- endfor %}
