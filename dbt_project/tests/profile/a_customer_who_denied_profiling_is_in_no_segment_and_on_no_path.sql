-- law: profiling denied removes a customer from traits, segments, value and paths, the past ones included; totals stay
{{ config(tags=['law']) }}
with

denied as (
    select customer_id
    from {{ ref('customers') }}
    where not is_profiled
)

{% for table in [
    'customer_traits', 'customer_rfm', 'customer_lifecycle', 'customer_value', 'rfm_history', 'lifecycle_history', 'attribution_touches',
    'attribution_credits',
] -%}
select '{{ table }}' as found_in, denied.customer_id
from denied
inner join {{ ref(table) }} as profiled
    on denied.customer_id = profiled.customer_id
{%- if not loop.last %}
union all
{% endif %}
{%- endfor %}
