-- credit halves with every half-life that a touch lies before the conversion (unit touches: before the last touch)
{% set age = {
    'days': 'hours_before / 24.0',
    'hours': 'hours_before',
    'touches': '(path_length - position)',
}[var('attribution_half_life_unit')] %}
with

aged as (
    select
        conversion_id,
        touch_id,
        {{ age }} as age
    from {{ ref('path_touches') }}
    where is_conversion
),

weighted as (
    select
        conversion_id,
        touch_id,
        power(cast(0.5 as double), (age - min(age) over (partition by conversion_id)) / {{ var('attribution_half_life') }}) as weight
    from aged
)

select
    conversion_id,
    touch_id,
    -- summed as decimals, so that no order of rows changes the last digit
    weight / cast(sum(cast(weight as decimal(38, 15))) over (partition by conversion_id) as double) as credit
from weighted
