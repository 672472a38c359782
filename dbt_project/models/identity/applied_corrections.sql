-- what became of each standing correction whose record is delivered: `applied` over the wrong value, `delivered` where the channel says the right
-- one itself, `lapsed` where it says a third; a lapsed one ends with the run's publication, and is told. An empty value is no third one
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
),

compared as (
    select
        request_id,
        record_key,
        attribute,
        wrong_pseudonym,
        right_value,
        channel,
        source_customer_id,
        {{ plain_value('attribute', 'delivered_value') }} as plain_value,
        {{ plain_value('attribute', 'right_value') }} as plain_right_value
    from delivered
)

select
    request_id,
    record_key,
    channel,
    source_customer_id,
    attribute,
    right_value,
    case
        when {{ wrong_value('attribute', 'plain_value') }} = wrong_pseudonym or plain_value = '' then 'applied'
        when plain_value = plain_right_value then 'delivered'
        else 'lapsed'
    end as outcome
from compared
