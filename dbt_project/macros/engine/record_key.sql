{#- Keyed pseudonym of a customer record, equal to cdp_assets.keys.record_key. The macro `pseudonym`, which holds the key, is made in each
    connection by cdp_assets/dbt_plugin.py: no file and no log knows it. -#}
{% macro record_key(channel, source_customer_id) -%}
    pseudonym('record' || chr(31) || {{ channel }} || chr(31) || {{ source_customer_id }})
{%- endmacro %}
