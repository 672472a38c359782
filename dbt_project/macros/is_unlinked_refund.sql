{#- True for a refund that weighs on its own day, for a `where` over refunds: of no known order, which it would restate, and no return document,
    which stands as an order of its own with negative amounts. -#}
{% macro is_unlinked_refund() -%}
    not is_linked and not is_return_document
{%- endmacro %}
