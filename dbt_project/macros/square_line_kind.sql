{#- What an item of the tills is that is no goods, by the field that says so; null where it says nothing of the kind. -#}
{% macro square_line_kind() -%}
    case
        when lower(itemization_type) like '%gift card%' then 'gift_card'
        when lower(itemization_type) like '%donation%' then 'donation'
    end
{%- endmacro %}
