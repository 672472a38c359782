{#- Keyed pseudonym of a value that a person calls wrong, equal to cdp_assets.rights.corrections: state knows no more of it. -#}
{% macro wrong_value(attribute, value) -%}
    pseudonym('wrong' || chr(31) || {{ attribute }} || chr(31) || lower(trim(coalesce({{ value }}, ''))))
{%- endmacro %}
