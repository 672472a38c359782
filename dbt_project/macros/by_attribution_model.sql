{#- What `credit_sums` added up side by side, one row per attribution model and group: few rows instead of the long form of every touch. -#}
{% macro by_attribution_model(relation, columns) -%}
    {%- for model in var('attribution_models') %}
    select
        '{{ model }}' as attribution_model,
        {{ columns | join(', ') }},
        conversions_{{ model }} as conversions,
        gross_revenue_{{ model }} as gross_revenue,
        net_revenue_{{ model }} as net_revenue
    from {{ relation }}
    where conversions_{{ model }} is not null
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
{%- endmacro %}
