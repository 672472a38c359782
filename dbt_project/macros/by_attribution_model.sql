{#- What `credit_sums` added up side by side, one row per attribution model and group: few rows instead of the long form of every touch. -#}
{% macro by_attribution_model(relation, columns) -%}
    {%- for model in var('attribution_models') %}
    select
        '{{ model }}' as attribution_model,
        {{ columns | join(', ') }},
        {%- for measure, _ in credit_measures() %}
        {{ measure }}_{{ model }} as {{ measure }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ relation }}
    where conversions_{{ model }} is not null
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
{%- endmacro %}
