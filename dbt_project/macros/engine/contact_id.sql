{#- Keyed pseudonym of a contact: what state, the masked file and the ledgers know of an e-mail, a phone or a platform id. -#}
{% macro contact_id(contact_type, contact_scope, contact_value) -%}
    pseudonym('contact' || chr(31) || {{ contact_type }} || chr(31) || coalesce({{ contact_scope }}, '') || chr(31) || {{ contact_value }})
{%- endmacro %}
