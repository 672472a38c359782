-- what became of each standing correction whose record is delivered: `applied` over the wrong value, `delivered` where the channel says the right
-- one itself, `lapsed` where it says a third; a lapsed one ends with the run's publication, and is told
with

records as (
    {{ union_shape('customers') }}
),

standing as (
    select request_id, record_key, attribute, wrong_pseudonym, right_value
    from {{ source('state', 'rights_corrections') }}
    where status = 'standing'
),

delivered as (
    select
        standing.request_id,
        standing.record_key,
        standing.attribute,
        standing.wrong_pseudonym,
        standing.right_value,
        records.channel,
        records.source_customer_id,
        case standing.attribute
            {%- for attribute in person_columns('customers') %}
            when '{{ attribute }}' then records.{{ attribute }}
            {%- endfor %}
        end as delivered_value
    from records
    inner join standing
        on {{ record_key('records.channel', 'records.source_customer_id') }} = standing.record_key
    where {{ not_suppressed('standing.record_key') }}
)

select
    request_id,
    record_key,
    channel,
    source_customer_id,
    attribute,
    right_value,
    case
        when {{ wrong_value('attribute', 'delivered_value') }} = wrong_pseudonym then 'applied'
        when lower(trim(delivered_value)) = lower(trim(right_value)) then 'delivered'
        else 'lapsed'
    end as outcome
from delivered
