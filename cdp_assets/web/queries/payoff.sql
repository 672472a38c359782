{#
unportable: [type varchar, unnest()]
#}
with credits as (
    select c.attribution_model, c.marketing_channel, coalesce(c.customer_id, c.conversion_id) as customer_id, c.credit, c.net_revenue,
        case when o.cost is not null then c.credit * cast(o.net_revenue - o.cost as double) end as margin,
        case when o.cost is not null then c.net_revenue end as costed_revenue
    from attribution_credits as c
    left join orders as o on c.conversion_id = o.conversion_id
    where c.attribution_model in (select unnest($1::varchar[])) and c.conversion_date between $2 and $3
),
of_customers as (
    select attribution_model, marketing_channel, customer_id, sum(credit) as conversions, sum(net_revenue) as net_revenue,
        sum(margin) as margin, sum(costed_revenue) as costed_revenue
    from credits
    group by attribution_model, marketing_channel, customer_id
),
credited as (
    select attribution_model, marketing_channel, sum(conversions) as conversions, sum(net_revenue) as net_revenue,
        1.96 * sqrt(sum(net_revenue * net_revenue)) as reach,
        sum(margin) / nullif(sum(costed_revenue), 0) as margin_rate
    from of_customers
    group by attribution_model, marketing_channel
),
spent as (
    -- Every model has the same spend; any one of them tells it.
    select marketing_channel, cast(sum(spend) as double) as spend
    from attribution_spend_reconciliation
    where attribution_model = ($1::varchar[])[1] and business_date between $2 and $3
    group by marketing_channel
),
asked as (select unnest($1::varchar[]) as attribution_model),
pairs as (
    select attribution_model, marketing_channel from credited
    union
    select asked.attribution_model, spent.marketing_channel from asked cross join spent where spent.spend > 0
)
select
    p.marketing_channel, p.attribution_model,
    coalesce(c.conversions, 0) as conversions,
    coalesce(c.net_revenue, 0) as net_revenue,
    coalesce(c.net_revenue - c.reach, 0) as net_revenue_low,
    coalesce(c.net_revenue + c.reach, 0) as net_revenue_high,
    c.net_revenue * c.margin_rate as margin,
    c.margin_rate,
    nullif(s.spend, 0) as spend,
    c.net_revenue * c.margin_rate - nullif(s.spend, 0) as contribution,
    coalesce(c.net_revenue, 0) / nullif(s.spend, 0) as return_on_ad_spend,
    1 / nullif(c.margin_rate, 0) as break_even_return
from pairs as p
left join credited as c on p.attribution_model = c.attribution_model and p.marketing_channel = c.marketing_channel
left join spent as s on p.marketing_channel = s.marketing_channel
order by spend desc nulls last, p.marketing_channel, p.attribution_model
