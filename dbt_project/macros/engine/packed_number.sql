{#- A named number part of a record packed into a text (parts by marks[1], decimal mark marks[2]), with whatever stands around it; null where it is none. -#}
{% macro packed_number(record, marks, key) -%}
    try_cast(regexp_extract(translate({{ packed_field(record, marks[1], key) }}, {{ "',.', '.'" if marks[2] == ',' else "',', ''" }}), '-?[0-9]+([.][0-9]+)?', 0) as decimal(18, 6))
{%- endmacro %}
