{#- A shape's columns of text that outsiders write, which in_shape() scrubs. Rendered from cdp_assets/shapes.yaml by `make shapes`; change them there. -#}
{% macro outside_columns(shape) -%}
    {%- set named = {
        'customers': [],
        'links': [],
        'orders': [],
        'order_lines': ['product_name', 'coupon_code'],
        'refunds': [],
        'payments': [],
        'touchpoints': ['source', 'medium', 'campaign'],
        'spend': ['source', 'medium', 'campaign'],
        'rates': [],
        'unit_costs': [],
        'consents': [],
        'contacts': [],
        'products': ['product_name', 'brand', 'category'],
        'stores': ['store_name'],
        'session_steps': [],
    } -%}
    {{ return(named[shape]) }}
{%- endmacro %}
