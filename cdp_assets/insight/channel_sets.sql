{#
unportable: [any_value()]
#}
with touches_per_channel as (
    select *, count(*) over (partition by path_id, channel_number) as channel_touches
    from _touches
    where is_conversion and role <> 'dropped'
),
parts as (
    select
        t.path_id, t.customer_id, t.period, t.customer_type, l.line_number,
        any_value(t.value_units) as value_units, any_value(t.net_value_units) as net_value_units,
        cast(count(*)::double / any_value(t.channel_touches) as decimal(19, 15)) as part
    from touches_per_channel t
    inner join _lines l
        on l.channel_number = t.channel_number and (l.campaign is null or l.campaign = t.campaign)
    group by all
)
select
    customer_number, parts.period, customer_type, channel_set as channels, line_number,
    sum(part)::double as conversions,
    sum(part * value_units::decimal(18, 0))::double as gross_units,
    sum(part * net_value_units::decimal(18, 0))::double as net_units
from parts
inner join _path_sets using (path_id)
inner join _customers using (customer_id)
group by all
