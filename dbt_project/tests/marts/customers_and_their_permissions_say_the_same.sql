-- law: the flags of a customer are the permissions of that customer, purpose by purpose
{{ config(tags=['law']) }}
with

flags as (
    {%- for purpose in var('purposes') %}
    select customer_id, '{{ purpose }}' as purpose, is_{{ purpose }}_allowed as is_allowed
    from {{ ref('customers') }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
)

select flags.customer_id, flags.purpose
from flags
full outer join {{ ref('customer_permissions') }} as permissions
    on flags.customer_id = permissions.customer_id
    and flags.purpose = permissions.purpose
where permissions.is_allowed is distinct from flags.is_allowed
