{#- Text of one named part of a record packed into a text: of `name:A|sku:1`, parted by `|`, the part `sku` is `1`; null without it. -#}
{% macro packed_field(record, mark, key) -%}
    nullif(trim(regexp_extract({{ record }}, '(?:^|[{{ mark }}]) *{{ key }} *[:=](.*?)(?:[{{ mark }}] *[^0-9 {{ mark }}]|[{{ mark }}] *$|$)', 1)), '')
{%- endmacro %}
