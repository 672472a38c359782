-- the traits of every profiled customer side by side; null where a trait cannot be told
select
    customer_id
    {%- for trait, kind in var('traits').items() %},
    max(case when trait = '{{ trait }}' then {{ kind }}_value end) as {{ trait }}
    {%- endfor %}
from {{ ref('customer_trait_values') }}
group by customer_id
