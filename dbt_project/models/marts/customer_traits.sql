-- the traits of every profiled customer side by side; null where a trait cannot be told
select
    customer_id
    {%- for name, trait in var('traits').items() %},
    max(case when trait = '{{ name }}' then {{ trait.type }}_value end) as {{ name }}
    {%- endfor %}
from {{ ref('customer_trait_values') }}
group by customer_id
