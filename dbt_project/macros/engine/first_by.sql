{#- Of a group's rows the values of the first one in an order, as one record: one aggregate, no ranking of all rows. Descending: the negative.
    `first_by(['trust_rank', '-age'], {'brand': 'vendor'})`, then `.brand` of what it gives. -#}
{% macro first_by(order, values) -%}
    arg_min(
        struct_pack({% for name, expression in values.items() %}{{ name }} := {{ expression }}{{ ', ' if not loop.last }}{% endfor %}),
        row({{ order | join(', ') }})
    )
{%- endmacro %}
