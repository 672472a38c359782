{#- Of a group's rows the latest one's values as one record, a tie broken by the values themselves, of which the greatest wins: one aggregate, no
    ranking of all rows. What is empty, time or value, wins only where nothing else is there (each stands behind whether it is there: engines
    order nulls differently). `latest('created_at', {'brand': 'vendor'})`, then `.brand` of what it gives. -#}
{% macro latest(at, values) -%}
    {{ return(adapter.dispatch('latest', 'onefold')(at, values)) }}
{%- endmacro %}

{% macro duckdb__latest(at, values) -%}
    max(struct_pack(
        is_dated := {{ at }} is not null, latest_at := {{ at }}
        {%- for name, expression in values.items() %}, has_{{ name }} := ({{ expression }}) is not null, {{ name }} := {{ expression }}{% endfor %}
    ))
{%- endmacro %}

{% macro spark__latest(at, values) -%}
    max(named_struct(
        'is_dated', {{ at }} is not null, 'latest_at', {{ at }}
        {%- for name, expression in values.items() %}, 'has_{{ name }}', ({{ expression }}) is not null, '{{ name }}', {{ expression }}{% endfor %}
    ))
{%- endmacro %}
