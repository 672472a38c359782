{#- Of a group's rows the values of the first one in an order, as one record: one aggregate, no ranking of all rows. Descending: the negative.
    A row whose order is empty comes last, in both engines: DuckDB's own order puts nulls last, Spark's is told to.
    `first_by(['trust_rank', '-age'], {'brand': 'vendor'})`, then `.brand` of what it gives. -#}
{% macro first_by(order, values) -%}
    {{ return(adapter.dispatch('first_by', 'onefold')(order, values)) }}
{%- endmacro %}

{% macro duckdb__first_by(order, values) -%}
    arg_min(
        struct_pack({% for name, expression in values.items() %}{{ name }} := {{ expression }}{{ ', ' if not loop.last }}{% endfor %}),
        row({{ order | join(', ') }})
    )
{%- endmacro %}

{% macro spark__first_by(order, values) -%}
    min_by(
        named_struct({% for name, expression in values.items() %}'{{ name }}', {{ expression }}{{ ', ' if not loop.last }}{% endfor %}),
        struct({% for expression in order %}({{ expression }}) is null, {{ expression }}{{ ', ' if not loop.last }}{% endfor %})
    )
{%- endmacro %}
