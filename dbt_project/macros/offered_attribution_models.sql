{#- The attribution models on the list, one row each, without those that this run says are unavailable (too many channels). -#}
{% macro offered_attribution_models() -%}
    select listed.attribution_model
    from (
        {%- for model in var('attribution_models') %}
        select '{{ model }}' as attribution_model
        {%- if not loop.last %}
        union all
        {%- endif %}
        {%- endfor %}
    ) as listed
    left join {{ source('insight', 'attribution_model_status') }} as model_status
        on listed.attribution_model = model_status.model
    where coalesce(model_status.is_available, true)
{%- endmacro %}
