{#- What is said of an answer besides whom it concerns, for a select list. -#}
{% macro consent_columns(side) -%}
    {%- for column in ['purpose', 'status', 'channel', 'legal_basis', 'jurisdiction', 'policy_version', 'evidence', 'signal', 'recorded_at', 'expires_at'] -%}
    {{ side }}.{{ column }}{{ ', ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}
