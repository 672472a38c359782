{#- The product of the named number parts of one record packed into a text; null where one is no number. -#}
{% macro packed_product(record, mark, keys) -%}
    {% for key in keys %}try_cast({{ packed_field(record, mark, key) }} as decimal(18, 6)){{ ' * ' if not loop.last }}{% endfor %}
{%- endmacro %}
