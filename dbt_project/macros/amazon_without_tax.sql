{#- A price of Amazon's orders report without tax: outside the United States and Canada item, shipping and wrapping prices include it. -#}
{% macro amazon_without_tax(price, tax) -%}
    (coalesce({{ price }}, 0) - case
        when lower(coalesce(sales_channel, 'amazon.com')) in ('amazon.com', 'amazon.ca') or lower(sales_channel) like 'non-amazon%' then 0
        else coalesce({{ tax }}, 0)
    end)
{%- endmacro %}
