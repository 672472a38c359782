{#- Credit, gross and net revenue under each attribution model, added up side by side: for a select list over `credited_touches`. -#}
{% macro credit_sums() -%}
    {%- for model in var('attribution_models') %}
    {{ exact_sum('credit_' ~ model) }} as conversions_{{ model }},
    {{ exact_sum('credit_' ~ model ~ ' * conversion_value') }} as gross_revenue_{{ model }},
    {{ exact_sum('credit_' ~ model ~ ' * conversion_net_value') }} as net_revenue_{{ model }}{{ ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
