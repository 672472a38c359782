-- every channel's customer records, as delivered, with what people had corrected: what identity resolution starts from. Whoever asked to be
-- forgotten is left out here, whatever channel and however drafted: nothing else reads the staging models of customers
with

records as (
    {{ union_shape('customers') }}
),

corrected as (
    select
        channel,
        source_customer_id,
        {%- for attribute in person_columns('customers') %}
        max(case when attribute = '{{ attribute }}' then right_value end) as {{ attribute }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('applied_corrections') }}
    where outcome = 'applied'
    group by channel, source_customer_id
),

-- an order whose person is gone is nobody's, whatever a hold keeps of it
erased as (
    select channel, 'guest:' || order_id as source_customer_id
    from {{ source('state', 'erased_orders') }}
    union all
    select channel, 'recipient:' || order_id as source_customer_id
    from {{ source('state', 'erased_orders') }}
)

select
    {% for name, type in shape_columns('customers') %}
    {% if name in person_columns('customers') -%}
    coalesce(corrected.{{ name }}, records.{{ name }}) as {{ name }}
    {%- else -%}
    records.{{ name }}
    {%- endif %}{{ ',' if not loop.last }}
    {%- endfor %}
from records
left join corrected
    on records.channel = corrected.channel
    and records.source_customer_id = corrected.source_customer_id
left join erased
    on records.channel = erased.channel
    and records.source_customer_id = erased.source_customer_id
where erased.channel is null
    and {{ not_suppressed('records.source_customer_id') }}
    and {{ not_suppressed(record_key('records.channel', 'records.source_customer_id')) }}
