with

rulings as (
    select
        sequence,
        max_by(ruling, ruling_number) = 'accepted' as is_accepted,
        max_by(detail, ruling_number) filter (where reason_code = $breaks) as breaks
    from delivery_rulings
    group by sequence
),

landed as (
    select delivered_sha256, newest_version, parsed_rows, quarantined_rows
    from loads
    where channel = $channel and export = $export and status = 'landed'
)

select
    deliveries.sequence, deliveries.file_name, deliveries.delivered_sha256, coalesce(deliveries.period, ''),
    coalesce(deliveries.part, ''), deliveries.size_bytes, coalesce(landed.newest_version, ''), landed.parsed_rows,
    landed.quarantined_rows, rulings.is_accepted is not null and not rulings.is_accepted, coalesce(rulings.is_accepted, false),
    rulings.breaks
from deliveries
left join rulings using (sequence)
left join landed using (delivered_sha256)
where deliveries.channel = $channel and deliveries.export = $export
order by deliveries.sequence
