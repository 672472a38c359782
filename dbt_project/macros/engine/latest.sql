{#- Of a group's rows the latest one's values as one record, a tie broken by the values themselves: one aggregate, no ranking of all rows.
    `latest('created_at', {'brand': 'vendor'})`, then `.brand` of what it gives. -#}
{% macro latest(at, values) -%}
    max(struct_pack(latest_at := {{ at }}{% for name, expression in values.items() %}, {{ name }} := {{ expression }}{% endfor %}))
{%- endmacro %}
