-- every refund, with its customer, the date that it restates (its order's when the order is known, else its own), and how much of the money
-- was for goods: by what the export says, else in proportion to what was paid, both cumulated by (refunded_at, refund_id), so that a fully
-- refunded order is nothing to the cent. A cast rounds half a cent up, as money is; round() of a double does not.
{%- set key = ['channel', "coalesce('order ' || order_id, 'refund ' || refund_id)"] %}
{%- set lines_key = ['channel', "'order ' || order_id"] %}
{%- set follows = followed_shape('refunds', key) %}
{%- do follows.update(followed_shape('order_lines', lines_key)) %}
{#- a return document is an order, and a refund whose id is the order's -#}
{%- do follows.update({
    'customer_order_lines': lines_key,
    'line_costs': lines_key,
    'order_amounts': "select channel, 'order ' || order_id from {changed} union all select channel, 'refund ' || order_id from {changed}",
    'reporting_rates': "select channel, " ~ key[1] ~ " from {this} as kept semi join {changed} as changed on kept.currency = changed.currency "
        "and kept.restated_date >= changed.valid_from and kept.restated_date < changed.valid_until",
    'customer_ids': "select kept.channel, " ~ key[1] ~ " from {this} as kept semi join {changed} as changed "
        "on kept.channel = changed.channel and kept.source_customer_id = changed.source_customer_id",
}) %}
{{ config(materialized='replace_changed', meta={'key': key, 'follows': follows}) }}
with

refunds as (
    {{ union_shape('refunds') }}
),

-- what the retailer's list or the channel says is no goods is none when it comes back either
no_goods as (
    select channel, order_id, sku
    from {{ ref('customer_order_lines') }}
    where sku is not null
    group by channel, order_id, sku
    having not bool_or(is_goods)
),

return_documents as (
    select
        channel,
        order_id as refund_id,
        cast(null as string) as order_id,
        source_customer_id,
        ordered_at as refunded_at,
        order_date as refund_date,
        currency,
        -gross_amount as amount,
        -gross_amount as goods_amount,
        cast(0 as decimal(18, 2)) as tax_amount,
        cast(0 as decimal(18, 2)) as shipping_amount,
        cast(null as decimal(18, 6)) as quantity,
        cast(null as string) as sku,
        true as is_return_document
    from {{ ref('order_amounts') }}
    where order_status = 'return_document'
),

all_refunds as (
    select
        channel, refund_id, order_id, source_customer_id, refunded_at, refund_date, currency, amount, goods_amount, tax_amount,
        shipping_amount, quantity, sku,
        false as is_return_document
    from refunds
    union all
    select
        channel, refund_id, order_id, source_customer_id, refunded_at, refund_date, currency, amount, goods_amount, tax_amount,
        shipping_amount, quantity, sku,
        is_return_document
    from return_documents
),

linked as (
    select
        all_refunds.channel,
        all_refunds.refund_id,
        all_refunds.order_id,
        orders.order_id is not null as is_linked,
        all_refunds.is_return_document,
        coalesce(orders.source_customer_id, all_refunds.source_customer_id) as source_customer_id,
        all_refunds.refunded_at,
        all_refunds.refund_date,
        coalesce(orders.order_date, all_refunds.refund_date) as restated_date,
        coalesce(orders.is_sale, true) as is_of_sale,
        orders.parked_reason as order_parked_reason,
        coalesce(all_refunds.currency, orders.currency) as currency,
        orders.currency as order_currency,
        orders.rate as order_rate,
        all_refunds.amount,
        case when no_goods.sku is not null then 0 else all_refunds.goods_amount end as stated_goods_amount,
        all_refunds.tax_amount as stated_tax_amount,
        all_refunds.shipping_amount as stated_shipping_amount,
        all_refunds.quantity,
        all_refunds.sku,
        -- what the customer paid, by what it was for; a subsidy is given back to whoever bore it, with the goods
        greatest(orders.sold_amount, 0) as sold_amount,
        greatest(orders.sold_amount - orders.platform_discount_amount - orders.creator_discount_amount, 0) as paid_for_goods,
        greatest(orders.tax_amount, 0) as paid_tax,
        greatest(orders.shipping_amount, 0) as paid_shipping,
        greatest(orders.other_amount, 0) as paid_other,
        orders.gross_revenue - orders.discount_revenue as sold_revenue
    from all_refunds
    left join {{ ref('order_amounts') }} as orders
        on all_refunds.channel = orders.channel
        and all_refunds.order_id = orders.order_id
    left join no_goods
        on all_refunds.channel = no_goods.channel
        and all_refunds.order_id = no_goods.order_id
        and all_refunds.sku = no_goods.sku
),

priced as (
    select
        linked.*,
        rates.rate,
        cast(case
            when linked.currency = linked.order_currency then linked.amount
            else cast(linked.amount * rates.rate / linked.order_rate as decimal(18, 2))
        end as decimal(18, 2)) as amount_in_order_currency,
        -- 1 where the refund is in its order's currency
        case when linked.currency = linked.order_currency then 1 else rates.rate / linked.order_rate end as to_order_currency
    from linked
    left join {{ ref('reporting_rates') }} as rates
        on linked.currency = rates.currency
        and linked.restated_date >= rates.valid_from
        and linked.restated_date < rates.valid_until
),

cumulated as (
    select
        *,
        sum(amount_in_order_currency) over so_far as refunded_so_far,
        sum(coalesce(cast(stated_goods_amount * to_order_currency as decimal(18, 2)), 0)) over so_far as stated_goods_so_far,
        sum(case when stated_goods_amount is null then amount_in_order_currency else 0 end) over so_far as unstated_so_far,
        coalesce(sum(cast(stated_tax_amount * to_order_currency as decimal(18, 2))) over so_far, 0) as stated_tax_so_far,
        greatest(paid_tax - coalesce(sum(cast(stated_tax_amount * to_order_currency as decimal(18, 2))) over of_order, 0), 0) as tax_left,
        sum(
            case when stated_tax_amount is null then 0 else amount_in_order_currency - cast(stated_goods_amount * to_order_currency as decimal(18, 2)) end
        ) over so_far as stated_rest_so_far,
        sum(
            case when stated_tax_amount is null then 0 else amount_in_order_currency - cast(stated_goods_amount * to_order_currency as decimal(18, 2)) end
        ) over of_order as stated_rest,
        greatest(paid_for_goods - sum(coalesce(cast(stated_goods_amount * to_order_currency as decimal(18, 2)), 0)) over of_order, 0) as goods_left,
        greatest(
            paid_tax + paid_shipping + paid_other - sum(
                case when stated_goods_amount is null then 0 else amount_in_order_currency - cast(stated_goods_amount * to_order_currency as decimal(18, 2)) end
            ) over of_order,
            0
        ) as rest_left
    from priced
    window
        so_far as (
            partition by channel, order_id, is_linked order by refunded_at, refund_id rows between unbounded preceding and current row
        ),
        of_order as (partition by channel, order_id, is_linked)
),

-- no more for goods than was paid for them, and no less than what tax, shipping and the rest cannot explain
of_goods as (
    select
        *,
        greatest(
            refunded_so_far - paid_tax - paid_shipping - paid_other,
            least(
                paid_for_goods,
                stated_goods_so_far + case
                    when goods_left + rest_left > 0
                        then least(goods_left, {{ divided_money('goods_left * unstated_so_far', 'goods_left + rest_left') }})
                    else 0
                end
            )
        ) as paid_goods_so_far
    from cumulated
),

-- what was paid back for goods, as a share of what the goods were sold for: the two differ by what others bore
sold_back as (
    select
        *,
        case
            when paid_for_goods = sold_amount or paid_for_goods = 0 then paid_goods_so_far
            when paid_goods_so_far >= paid_for_goods then sold_amount + paid_goods_so_far - paid_for_goods
            else {{ divided_money('paid_goods_so_far * sold_amount', 'paid_for_goods') }}
        end as goods_so_far
    from of_goods
),

in_revenue as (
    select
        *,
        case
            when goods_so_far >= sold_amount then sold_revenue + cast((goods_so_far - sold_amount) * order_rate as decimal(18, 2))
            else least(cast(goods_so_far * order_rate as decimal(18, 2)), sold_revenue)
        end as revenue_so_far,
        refunded_so_far - paid_goods_so_far as rest_so_far
    from sold_back
),

-- and tax of what was not for goods, in the same way
split as (
    select
        *,
        greatest(
            rest_so_far - paid_shipping - paid_other,
            least(
                paid_tax,
                stated_tax_so_far + case
                    when paid_tax + paid_shipping + paid_other - stated_rest > 0
                        then least(tax_left, {{ divided_money(
                            'tax_left * (rest_so_far - stated_rest_so_far)', 'paid_tax + paid_shipping + paid_other - stated_rest') }})
                    else 0
                end
            )
        ) as tax_so_far
    from in_revenue
),

steps as (
    select
        *,
        goods_so_far - coalesce(lag(goods_so_far) over in_order, 0) as goods_of_sale,
        paid_goods_so_far - coalesce(lag(paid_goods_so_far) over in_order, 0) as goods_step,
        tax_so_far - coalesce(lag(tax_so_far) over in_order, 0) as tax_step,
        revenue_so_far - coalesce(lag(revenue_so_far) over in_order, 0) as revenue_step
    from split
    window in_order as (partition by channel, order_id, is_linked order by refunded_at, refund_id)
)

select
    steps.channel,
    steps.refund_id,
    steps.order_id,
    steps.is_linked,
    steps.is_return_document,
    steps.source_customer_id,
    customer_ids.customer_id,
    steps.refunded_at,
    steps.refund_date,
    steps.restated_date,
    steps.currency,
    steps.amount,
    cast(case
        when not is_linked then coalesce(stated_goods_amount, amount)
        else cast(goods_step / nullif(to_order_currency, 0) as decimal(18, 2))
    end as decimal(18, 2)) as goods_amount,
    cast(case when not is_linked then stated_tax_amount else cast(tax_step / nullif(to_order_currency, 0) as decimal(18, 2)) end as decimal(18, 2)) as tax_amount,
    cast(steps.amount_in_order_currency as decimal(18, 2)) as amount_in_order_currency,
    cast(case when is_linked then goods_of_sale end as decimal(18, 2)) as goods_amount_in_order_currency,
    case
        when order_parked_reason is not null then order_parked_reason
        when rate is null and amount <> 0 then 'no_rate'
    end as parked_reason,
    -- what is given back of an order that was no sale takes nothing from revenue: it was never counted
    cast(case
        when order_parked_reason is not null or (rate is null and amount <> 0) then null
        when not is_of_sale then 0
        when is_linked then revenue_step
        else cast(coalesce(stated_goods_amount, amount) * rate as decimal(18, 2))
    end as decimal(18, 2)) as refund_revenue,
    steps.quantity,
    steps.sku
from steps
left join {{ source('identity', 'customer_ids') }} as customer_ids
    on steps.channel = customer_ids.channel
    and steps.source_customer_id = customer_ids.source_customer_id
