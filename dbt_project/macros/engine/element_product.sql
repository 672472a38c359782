{#- The product of the named number fields of a JSON object; nothing where it is of another kind (a field and its words) than counts. -#}
{% macro element_product(element, keys, kind=none) -%}
    case when {% if kind %}{{ json_field(element, kind[0]) }} in ({{ quoted(kind[1]) }}){% else %}true{% endif %} then {% for key in keys %}cast({{ json_field(element, key) }} as decimal(18, 6)){{ ' * ' if not loop.last }}{% endfor %} end
{%- endmacro %}
