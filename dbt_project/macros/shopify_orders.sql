{#- One row per order of Shopify's orders export (CTE body over `source`), with its money told apart. Order-level cells stand on every line:
    landing fills them down. Subtotal is what the goods cost after their discounts, tips left out. The discount of goods is therefore the lines
    less the subtotal, and what remains of the discount amount was taken off the shipping. Lines that come to less than the subtotal are not all
    there: the order then says what they should come to (`goods_stated`). Prices include the tax where Total shows that no tax was added;
    duties are always added. Lines that are not taxed (a gift card, a tip, books in some countries) hold none of it: each amount has its own share. -#}
{% macro shopify_orders(source) -%}
    select
        *,
        1 - (1 - share_without_tax) * taxed_share as discount_share_without_tax,
        1 - (1 - share_without_tax) * taxed_amount / nullif(lines_amount, 0) as lines_share_without_tax
    from (
        select
            *,
            case
                when has_tax_in_prices and lines_amount <> 0 and goods_paid * taxed_share + shipping_paid > 0
                    then 1 - cast(taxes as double) / (goods_paid * taxed_share + shipping_paid)
            end as share_without_tax
        from (
            select
                *,
                lines_amount - outside_amount - coalesce(goods_discount, 0) as goods_paid,
                least(cast(taxed_amount as double) / nullif(lines_amount - outside_amount, 0), 1) as taxed_share,
                case when lines_amount < subtotal then subtotal + coalesce(discount_amount, 0) else lines_amount end as goods_stated,
                greatest(coalesce(shipping, 0) - greatest(coalesce(discount_amount, 0) - coalesce(goods_discount, 0), 0), 0) as shipping_paid,
                coalesce(taxes, 0) > 0
                    and abs(total - (subtotal + outside_amount + coalesce(duties, 0)
                        + greatest(coalesce(shipping, 0) - greatest(coalesce(discount_amount, 0) - coalesce(goods_discount, 0), 0), 0))) < 0.005
                    as has_tax_in_prices
            from (
                select
                    *,
                    case
                        when subtotal is null then discount_amount
                        when lines_amount - tips_amount - subtotal between 0 and most_discount then lines_amount - tips_amount - subtotal
                        when lines_amount - tips_amount - undeclared_amount - subtotal between 0 and most_discount
                            then lines_amount - tips_amount - undeclared_amount - subtotal
                        -- a line that was taken off the order again stands there still
                        when lines_amount - tips_amount > subtotal then lines_amount - tips_amount - subtotal
                        else discount_amount
                    end as goods_discount,
                    -- a tip is a line outside the subtotal, and what nobody has declared may be one
                    case
                        when lines_amount - tips_amount - subtotal between 0 and most_discount then tips_amount
                        when lines_amount - tips_amount - undeclared_amount - subtotal between 0 and most_discount
                            then tips_amount + undeclared_amount
                        else tips_amount
                    end as outside_amount
                from (
                    select
                        order_id,
                        max(order_name) as order_number,
                        sum(lineitem_quantity * lineitem_price) as lines_amount,
                        -- where no line is said to be taxed, all are: the tax is there
                        coalesce(
                            nullif(sum(case when coalesce(lineitem_taxable, true) then lineitem_quantity * lineitem_price else 0 end), 0),
                            sum(lineitem_quantity * lineitem_price)
                        ) as taxed_amount,
                        sum(case when coalesce(lineitem_taxable, true) then lineitem_quantity * lineitem_price else 0 end) <> 0 as has_taxed_lines,
                        coalesce(sum(case
                            when coalesce(by_sku.line_kind, by_name.line_kind) = 'tip' then lineitem_quantity * lineitem_price
                        end), 0) as tips_amount,
                        coalesce(sum(case
                            when not lineitem_requires_shipping and not lineitem_taxable and coalesce(by_sku.line_kind, by_name.line_kind) is null
                                then lineitem_quantity * lineitem_price
                        end), 0) as undeclared_amount,
                        max(email) as email,
                        max(coalesce(phone, billing_phone)) as phone,
                        max(billing_name) as billing_name,
                        max(billing_address1) as billing_address1,
                        max(created_at) as created_at,
                        max(location) as location,
                        -- one that names two is not added up
                        case when min(currency) = max(currency) then max(currency) end as currency,
                        max(subtotal) as subtotal,
                        max(discount_amount) as discount_amount,
                        -- the order's own, or that of its lines: exports have one in the other, or beside it
                        coalesce(max(discount_amount), 0) + coalesce(sum(lineitem_discount), 0) as most_discount,
                        max(shipping) as shipping,
                        max(taxes) as taxes,
                        max(duties) as duties,
                        max(total) as total,
                        max(outstanding_balance) as outstanding_balance,
                        max(refunded_amount) as refunded_amount,
                        max(discount_code) as discount_code,
                        max(payment_method) as payment_method,
                        max(payment_reference) as payment_reference,
                        max(financial_status) as financial_status,
                        max(paid_at) as paid_at,
                        max(cancelled_at) as cancelled_at,
                        max(shipping_method) as shipping_method,
                        max(fulfilled_at) as fulfilled_at
                    from {{ source }}
                    left join ({{ declared_kinds('shopify', 'sku') }}) as by_sku
                        on lineitem_sku = by_sku.sku
                    left join ({{ declared_kinds('shopify', 'product_name') }}) as by_name
                        on lineitem_name = by_name.product_name
                    group by order_id
                ) as added_up
            ) as discounted
        ) as told_apart
    ) as shared
{%- endmacro %}
