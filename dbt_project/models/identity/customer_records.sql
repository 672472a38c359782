-- every channel's customer records, as delivered: what identity resolution starts from
with

records as (
    {{ union_shape('customers') }}
)

select
    {% for name, type in shape_columns('customers') %}
    {{ name }}{{ ',' if not loop.last }}
    {%- endfor %}
from records
