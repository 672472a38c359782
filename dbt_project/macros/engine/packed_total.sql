{#- Sum over the records packed into a text, parted by marks[0]: the product of the named number parts of each, parted by marks[1], with the decimal mark marks[2]. -#}
{% macro packed_total(packed, marks, keys) -%}
    {{ return(adapter.dispatch('packed_total', 'onefold')(packed, marks, keys)) }}
{%- endmacro %}

{% macro duckdb__packed_total(packed, marks, keys) -%}
    coalesce(list_sum(list_transform(string_split({{ packed }}, '{{ marks[0] }}'), lambda each: {{ packed_product('each', marks, keys) }})), 0)
{%- endmacro %}

{% macro spark__packed_total(packed, marks, keys) -%}
    aggregate(
        split({{ packed }}, '[{{ marks[0] }}]'), cast(0 as decimal(18, 6)),
        (total, each) -> cast(total + coalesce({{ packed_product('each', marks, keys) }}, 0) as decimal(18, 6))
    )
{%- endmacro %}
