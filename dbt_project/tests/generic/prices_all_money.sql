{#- Money of a currency without a rate for its day cannot be added up: its orders, refunds and spend are parked. A test of the rates, so that
    it is asked as soon as staging is built. -#}
{% test prices_all_money(model) -%}
with

orders as (
    {{ union_shape('orders') }}
),

refunds as (
    {{ union_shape('refunds') }}
),

priced as (
    select 'orders' as found_in, channel, currency, order_date as business_date
    from orders
    where gross_amount <> 0 or discount_amount <> 0
    union all
    select
        'refunds' as found_in,
        refunds.channel,
        coalesce(refunds.currency, orders.currency) as currency,
        coalesce(orders.order_date, refunds.refund_date) as business_date
    from refunds
    left join orders
        on refunds.channel = orders.channel
        and refunds.order_id = orders.order_id
    where refunds.amount <> 0
    union all
    select 'spend' as found_in, channel, currency, spend_date as business_date
    from (
        {{ union_shape('spend') }}
    ) as spend
    where spend <> 0
)

select priced.found_in, priced.channel, priced.currency, min(priced.business_date) as first_date, count(*) as row_count
from priced
left join {{ model }} as rates
    on priced.currency = rates.currency
    and priced.business_date >= rates.valid_from
    and priced.business_date < rates.valid_until
where rates.rate is null
group by priced.found_in, priced.channel, priced.currency
{%- endtest %}
