-- law: a pair stands once from either side with the same orders, support and lift; it is in no more orders than either of its products, and
-- what was seen lies within its interval
{{ config(tags=['law']) }}
select one.product_code, one.other_product_code
from {{ ref('product_affinity') }} as one
left join {{ ref('product_affinity') }} as other
    on one.product_code = other.other_product_code
    and one.other_product_code = other.product_code
where other.product_code is null
    or one.product_code = one.other_product_code
    or one.pair_orders <> other.pair_orders
    or one.support <> other.support
    or abs(one.lift - other.lift) > 0.000000001 * one.lift
    or one.pair_orders > least(one.product_orders, one.other_product_orders)
    or one.pair_orders < {{ var('affinity_min_orders') }}
    or one.product_orders <> other.other_product_orders
    or one.confidence not between one.confidence_low and one.confidence_high
    or one.lift not between one.lift_low and one.lift_high
