-- the value that survives per customer and attribute, with the record it comes from and the rule that chose it:
-- what the person had corrected before all else, then the chains of rules of data/reference/survivorship.csv; an address survives whole,
-- from one record
with

by_value as (
    select
        customer_id,
        attribute,
        lower(attribute_value) as value_key,
        min(trust_rank) as trust_rank,
        max(seen_at) as seen_at,
        count(*) as record_count,
        coalesce(bool_or(is_corrected), false) as is_corrected,
        -- of the records that give the value the most trusted one, then the newest
        {{ first_by(['trust_rank', seconds_between('seen_at', "cast('1970-01-01' as timestamp)"), 'record_key'], {
            'attribute_value': 'attribute_value', 'record_key': 'record_key', 'channel': 'channel', 'source_customer_id': 'source_customer_id',
        }) }} as given
    from {{ ref('attribute_values') }}
    group by customer_id, attribute, lower(attribute_value)
),

scored as (
    select
        by_value.customer_id,
        by_value.attribute,
        by_value.value_key,
        by_value.record_count,
        by_value.is_corrected,
        by_value.given,
        rules.first_rule,
        rules.second_rule,
        rules.third_rule,
        {{ survivorship_score('rules.first_rule') }} as first_score,
        {{ survivorship_score('rules.second_rule') }} as second_score,
        {{ survivorship_score('rules.third_rule') }} as third_score
    from by_value
    inner join {{ ref('survivorship') }} as rules
        on by_value.attribute = rules.attribute
),

ranked as (
    select
        *,
        row_number() over chain as value_rank,
        count(*) over (partition by customer_id, attribute) as value_count,
        lead(is_corrected) over chain as next_is_corrected,
        lead(first_score) over chain as next_first_score,
        lead(second_score) over chain as next_second_score,
        lead(third_score) over chain as next_third_score
    from scored
    window chain as (
        partition by customer_id, attribute
        order by is_corrected desc, first_score desc, second_score desc, third_score desc, value_key
    )
),

winners as (
    select
        customer_id,
        attribute,
        given,
        record_count,
        value_count,
        case
            when is_corrected and not coalesce(next_is_corrected, false) then 'corrected'
            when value_count = 1 then 'only_value'
            when first_score <> next_first_score then first_rule
            when second_score <> next_second_score then second_rule
            when third_score <> next_third_score then third_rule
            else 'alphabetical'
        end as rule
    from ranked
    where value_rank = 1
)

select
    customer_id,
    attribute,
    given.attribute_value,
    given.record_key,
    given.channel,
    given.source_customer_id,
    rule,
    record_count,
    value_count
from winners
