{#- The product of the named number parts of one record packed into a text; null where one is no number. -#}
{% macro packed_product(record, marks, keys) -%}
    {% for key in keys %}{{ packed_number(record, marks, key) }}{{ ' * ' if not loop.last }}{% endfor %}
{%- endmacro %}
