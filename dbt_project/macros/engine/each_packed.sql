{#- Two columns for a select list that give one row per record packed into a text: `element_number` (from 1) and `element`, its text.
    `name:A|sku:1;name:B|sku:2` is two records parted by `;`. -#}
{% macro each_packed(packed, mark) -%}
    {{ return(adapter.dispatch('each_packed', 'onefold')(packed, mark)) }}
{%- endmacro %}

{% macro duckdb__each_packed(packed, mark) -%}
    unnest(list_transform(string_split({{ packed }}, '{{ mark }}'), lambda each, number: {'element_number': number, 'element': trim(each)}), recursive := true)
{%- endmacro %}

{% macro spark__each_packed(packed, mark) -%}
    inline(transform(split({{ packed }}, '[{{ mark }}]'), (each, n) -> struct(cast(n + 1 as bigint) as element_number, trim(each) as element)))
{%- endmacro %}
