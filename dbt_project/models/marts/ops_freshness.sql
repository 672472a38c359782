-- how old what each export delivered is, beside what its contract promises, and what of it waits. A file that is held changes nothing of what
-- landed before: the last good load stays in force everywhere until it is mended
with

exports as (
    {{ landed_exports() }}
),

loads as (
    select
        channel,
        export,
        landed_at,
        first_value(file_name) over (partition by channel, export order by landed_at desc, file_name desc) as last_file_name
    from {{ source('state', 'loads') }}
    where status = 'landed'
),

landed as (
    select
        channel,
        export,
        count(*) as landed_files,
        max(landed_at) as last_landed_at,
        max(last_file_name) as last_file_name
    from loads
    group by channel, export
),

newest as (
    select max(landed_at) as newest_at
    from loads
),

held as (
    select channel, export, count(*) as held_files, min(reason_code) as held_reason, min(remedy) as held_remedy
    from {{ source('state', 'held_files') }}
    where export is not null
    group by channel, export
),

parked as (
    select channel, sum(row_count) as parked_rows, min(first_date) as parked_since
    from {{ ref('ops_parked') }}
    group by channel
),

aged as (
    select
        exports.channel,
        exports.export,
        exports.every_days,
        coalesce(landed.landed_files, 0) as landed_files,
        landed.last_file_name,
        landed.last_landed_at,
        -- against the newest file of all: a home that nobody feeds is not late, it is off
        {{ seconds_between('landed.last_landed_at', 'newest.newest_at') }} / 86400.0 as days_behind,
        coalesce(held.held_files, 0) as held_files,
        held.held_reason,
        held.held_remedy,
        case when landed.channel is not null then coalesce(parked.parked_rows, 0) end as channel_parked_rows,
        case when landed.channel is not null then parked.parked_since end as channel_parked_since
    from exports
    cross join newest
    left join landed
        on exports.channel = landed.channel
        and exports.export = landed.export
    left join held
        on exports.channel = held.channel
        and exports.export = held.export
    left join parked
        on exports.channel = parked.channel
)

select
    channel,
    export,
    case
        when held_files > 0 and landed_files > 0 then 'held'
        when held_files > 0 then 'held_without_a_load'
        when landed_files = 0 then 'never_delivered'
        when days_behind > every_days then 'late'
        else 'fresh'
    end as freshness,
    cast(every_days as double) as every_days,
    cast(landed_files as bigint) as landed_files,
    last_file_name,
    last_landed_at,
    cast(days_behind as double) as days_behind,
    cast(held_files as bigint) as held_files,
    held_reason,
    held_remedy,
    cast(channel_parked_rows as bigint) as channel_parked_rows,
    channel_parked_since
from aged
