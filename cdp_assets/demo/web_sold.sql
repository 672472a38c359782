{#
holes:
  rate: 0.07
  rates: {tip: 0.5, gift_card_sold: 0.5, donation: 0.5, duties: 0.5, web_lines_cut: 0.5, shipping_code: 0.5, second_code: 0.5, authorized: 0.5, gift_card_redeemed: 0.5, odd_order: 0.5}
  odd_choice: '{''currency'': ''EUR''}'
  vat: 0.19
  with_vat: 1.19
  no_sale: ('voided')
  last_days: date '2017-12-18'
#}
create or replace temp table web_sold as
with taxed as (
    select
        candidate, round(sum(gross - discount) filter (where is_taxable) * {{ rate }}, 2)::decimal(18, 2) as tax,
        count(*) as line_count, min_by(gross, line_number) as first_line
    from lines where channel = 'shopify' group by candidate
),
drawn as (
    select
        web_orders.*,
        web_orders.candidate as base,
        false as is_odd,
        'USD' as currency,
        coalesce(tax, 0)::decimal(18, 2) as tax,
        if(u('duties', candidate) < {{ rates.duties }}, round(net * 0.06, 2), 0)::decimal(18, 2) as duties,
        local_at::date >= {{ last_days }} and line_count > 1 and first_line < net and u('web cut', candidate) < {{ rates.web_lines_cut }} as is_cut,
        refund_share = 0 and u('tips', candidate) < {{ rates.tip }} as tips,
        refund_share = 0 and u('buys a card', candidate) < {{ rates.gift_card_sold }} as buys_card,
        refund_share = 0 and u('rounds up', candidate) < {{ rates.donation }} as rounds_up,
        shipping > 0 and u('ships free', candidate) < {{ rates.shipping_code }} as has_shipping_code,
        u('pays with a card', candidate) as luck_tender,
        u('state of payment', candidate) as luck_state
    from web_orders
    left join taxed using (candidate)
),
carried as (
    select
        drawn.*,
        if(tips, 1 + pick('tip', candidate, 5), 0)::decimal(18, 2) as tip,
        if(buys_card, [25, 50][1 + pick('card', candidate, 2)], 0)::decimal(18, 2) as gift_card,
        if(rounds_up, 0.5, 0)::decimal(18, 2) as donation,
        nullif(array_to_string(list_filter([
            if(discount > 0, if(u('types small', candidate) < 0.1, 'cardprice', 'CARDPRICE'), null),
            if(discount > 0 and u('second code', candidate) < {{ rates.second_code }}, 'VIP5', null),
            if(has_shipping_code, 'FREESHIP', null)
        ], lambda code: code is not null), ', '), '') as codes,
        case
            when refund_share > 0 then null
            when luck_state < {{ rates.authorized }} then 'authorized'
            when luck_state < 2 * {{ rates.authorized }} then 'partially_paid'
        end as status_word,
        case
            when luck_tender < {{ rates.gift_card_redeemed }} then 'Gift Card'
            when luck_tender < 2 * {{ rates.gift_card_redeemed }} then 'Gift Card + Shopify Payments'
            when u('pays by', candidate) < 0.8 then 'Shopify Payments'
            else 'PayPal Express Checkout'
        end as payment_method,
        (net + if(has_shipping_code, 0, shipping) + tax + duties + tip + gift_card + donation)::decimal(18, 2) as total,
        round(total * refund_share, 2)::decimal(18, 2) as refunded_money,
        if(is_cut, null, net - refunded)::decimal(18, 2) as true_net,
        if(is_cut, 'lines_differ', null) as true_parked
    from drawn
),
odd as (
    select web_orders.*, {{ odd_choice }} as kind
    from web_orders
    where u('odd order', candidate) < {{ rates.odd_order }}
),
priced as (
    select odd.*, lines.gross as only_line
    from odd join lines on lines.candidate = odd.candidate and line_number = 1
),
beside as (
    select
        * exclude (kind, only_line) replace (
            'odd ' || candidate as candidate,
            (order_id::bigint + 500)::varchar as order_id,
            -- one register numbers its orders anew: names repeat, ids do not
            'P-' || (1001 + order_no % 9) as order_name,
            at_utc + to_minutes(7) as at_utc,
            0 as refund_share, 0::decimal(18, 2) as refunded, 0::decimal(18, 2) as shipping, 0::decimal(18, 2) as discount,
            only_line as gross, only_line as net, sold_month as refund_month, null::bigint as recipient_no,
            null as buyer_name, null as email, null as phone, null as street, null as city, null as region,
            null as region_name, null as country, null as postcode
        ),
        candidate as base,
        true as is_odd,
        kind.currency as currency,
        if(kind.currency = 'EUR', round(only_line * {{ vat }} / {{ with_vat }}, 2), 0)::decimal(18, 2) as tax,
        0::decimal(18, 2) as duties, false as is_cut,
        0::decimal(18, 2) as tip, 0::decimal(18, 2) as gift_card, 0::decimal(18, 2) as donation,
        false as has_shipping_code, null::varchar as codes,
        kind.status as status_word,
        kind.payment_method as payment_method,
        only_line as total,
        0::decimal(18, 2) as refunded_money,
        case
            when kind.status in {{ no_sale }} or kind.payment_method like '%Bogus%' then 0
            when kind.status = 'waiting_for_fitting' or kind.currency = 'CHF' then null
            else only_line - tax
        end::decimal(18, 2) as true_net,
        case
            when kind.status = 'waiting_for_fitting' then 'unknown_status'
            when kind.currency = 'CHF' then 'no_rate'
        end as true_parked
    from priced
)
select * exclude (tips, buys_card, rounds_up, luck_tender, luck_state) from carried
union all by name
select * from beside
