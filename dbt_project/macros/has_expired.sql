{#- Whether a consent that was given for a time has ended by as_of_date; one without an end does not. -#}
{% macro has_expired(expires_at) -%}
    coalesce({{ business_date(expires_at) }} <= {{ as_of_date() }}, false)
{%- endmacro %}
