{#
holes:
  per_model: select 'markov_first_order' as model, conversion_id, touch_id, credit from insight.attribution_credits_markov_first_order
  every_month: all
  value_units: 10000
unportable: [if(), isnan()]
#}
insert into insight.attribution_global
with credits as (
    {{ per_model }}
),
monthly as (
    select
        c.model, t.period, t.channel_number,
        sum(c.credit::decimal(18, 15)) as conversions,
        sum(c.credit::decimal(19, 15) * t.value_units::decimal(18, 0)) as value_units
    from credits c
    inner join _touches t
        on t.is_conversion and t.path_id = c.conversion_id and t.touch_id = c.touch_id
    group by all
),
credited as (
    select
        model, period, channel_number,
        conversions::double as conversions, value_units::double as value_units
    from monthly
    union all
    select model, '{{ every_month }}', channel_number, sum(conversions)::double, sum(value_units)::double
    from monthly
    group by all
),
by_month as (
    select model, period, marketing_channel, if(isnan(raw_conversions), null, raw_conversions) as raw_conversions
    from found_raw
),
of_all as (
    select model, marketing_channel, sum(raw_conversions) as raw_conversions from by_month group by all
),
verdicts as (
    select model, period, bool_or(is_projected) as is_projected from _shares group by all
    union all
    select model, '{{ every_month }}', bool_or(is_projected) from _shares group by all
)
select
    r.model, r.period, r.marketing_channel,
    if(coalesce(v.is_projected, false), 'projected', 'exact') as status,
    if(isnan(r.effect_conversions), null, r.effect_conversions),
    if(isnan(r.effect_value), null, r.effect_value),
    if(r.period = '{{ every_month }}', coalesce(a.raw_conversions, 0), r.raw_conversions),
    coalesce(p.conversions, 0), coalesce(p.value_units, 0) / {{ value_units }},
    null, null, null, null
from found_raw r
inner join _channels c using (marketing_channel)
left join of_all a on a.model = r.model and a.marketing_channel = r.marketing_channel
left join verdicts v on v.model = r.model and v.period = r.period
left join credited p
    on p.model = r.model and p.period = r.period and p.channel_number = c.channel_number
order by all
