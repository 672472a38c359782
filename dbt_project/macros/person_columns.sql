{#- A shape's columns with a person's name, contact or address, which in_shape() rids of characters that nobody sees. Rendered from cdp_assets/shapes.yaml by `make shapes`; change them there. -#}
{% macro person_columns(shape) -%}
    {%- set named = {
        'customers': ['full_name', 'given_name', 'family_name', 'phone', 'email', 'birth_date', 'gender', 'street', 'city', 'region', 'postcode', 'country'],
        'links': [],
        'orders': [],
        'order_lines': [],
        'refunds': [],
        'payments': [],
        'touchpoints': [],
        'spend': [],
        'rates': [],
        'unit_costs': [],
        'consents': [],
        'contacts': [],
        'products': [],
        'stores': ['city', 'country'],
        'session_steps': [],
    } -%}
    {{ return(named[shape]) }}
{%- endmacro %}
