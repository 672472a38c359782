{#- What the answer that counts says as of the run, for a select list: a grant whose time is over has expired. -#}
{% macro standing_consent() -%}
    purpose,
    case when status = 'granted' and {{ has_expired('expires_at') }} then 'expired' else status end as status,
    channel,
    legal_basis,
    jurisdiction,
    policy_version,
    evidence,
    signal,
    recorded_at,
    expires_at
{%- endmacro %}
