-- law: credit sums to one per conversion and attribution model, and is never negative. Read where all models stand side by side: of their long
-- form, the mart, the law of credited and unattributed revenue adds up every row
{{ config(tags=['law']) }}
with

models as (
    {{ offered_attribution_models() }}
),

summed as (
    select
        conversion_id,
        {%- for model in var('attribution_models') %}
        sum(credit_{{ model }}) as {{ model }},
        {%- endfor %}
        min(least({% for model in var('attribution_models') %}credit_{{ model }}, {% endfor %}1)) as least_credit
    from {{ ref('credited_touches') }}
    group by conversion_id
)
{% for model in var('attribution_models') %}
select '{{ model }}' as attribution_model, conversion_id, {{ model }} as credit, least_credit
from summed
where '{{ model }}' in (select attribution_model from models)
    and (coalesce(abs({{ model }} - 1), 1) > 1e-9 or least_credit < -1e-12)
{%- if not loop.last %}
union all
{%- endif %}
{%- endfor %}
