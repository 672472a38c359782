{#- A status as the project compares it: small letters, underscores between words; null where it is blank. -#}
{% macro order_status_of(order_status) -%}
    nullif(replace(replace(lower(trim({{ order_status }})), ' ', '_'), '-', '_'), '')
{%- endmacro %}
