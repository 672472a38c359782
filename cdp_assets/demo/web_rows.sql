create or replace temp table web_rows as
with of_goods as (
    select
        web_sold.*,
        quantity, product_name, unit_price, sku, is_taxable, brand,
        if(is_odd, 0, lines.discount)::decimal(18, 2) as line_discount,
        line_number, true as is_goods
    from web_sold
    join lines on lines.candidate = web_sold.base
    where not is_odd or line_number = 1
    qualify not is_cut or row_number() over (partition by web_sold.candidate order by line_number) = 1
),
beside as (
    select
        web_sold.*,
        1 as quantity, each.name as product_name, each.amount as unit_price, each.sku as sku, false as is_taxable,
        null::varchar as brand, 0::decimal(18, 2) as line_discount, 1000 + each.rank as line_number, false as is_goods
    from web_sold,
        unnest([
            {'rank': 1, 'name': 'Tip', 'sku': 'TIP', 'amount': tip},
            {'rank': 2, 'name': 'Gift card', 'sku': 'GIFTCARD-' || gift_card::int, 'amount': gift_card},
            {'rank': 3, 'name': 'Round up for the food bank', 'sku': 'DONATION', 'amount': donation}
        ]) as stood(each)
    where each.amount > 0 and not is_cut
)
select *, row_number() over (partition by candidate order by line_number) = 1 as top
from (select * from of_goods union all by name select * from beside)
order by order_no, is_odd, line_number
