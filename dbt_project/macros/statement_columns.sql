{#- The columns of an answer as state keeps it, for a select list. -#}
{% macro statement_columns(side) -%}
    {%- for column in [
        'statement_id', 'channel', 'record_key', 'contact_type', 'contact_scope', 'contact_pseudonym', 'purpose', 'status', 'legal_basis',
        'jurisdiction', 'policy_version', 'evidence', 'signal', 'recorded_at', 'expires_at',
    ] -%}
    {{ side }}.{{ column }}{{ ', ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
