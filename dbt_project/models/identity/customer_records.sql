-- every channel's customer records, as delivered: what identity resolution starts from. Whoever asked to be forgotten is left out here,
-- whatever channel and however drafted: nothing else reads the staging models of customers
with

records as (
    {{ union_shape('customers') }}
)

select
    {% for name, type in shape_columns('customers') %}
    {{ name }}{{ ',' if not loop.last }}
    {%- endfor %}
from records
where {{ not_suppressed('records.source_customer_id') }}
    and {{ not_suppressed(record_key('records.channel', 'records.source_customer_id')) }}
