-- What came after what: one row per change of a name's content, never updated and never deleted. A name that goes from
-- content A to B and back to A has three rows. Which load is current is decided from this table alone, so a replay or a
-- restored backup decides as the nights did.
create table deliveries (
    sequence bigint primary key,          -- order of deliveries; among files first seen in one run by modification time, then hash
    channel varchar not null,
    export varchar not null,
    file_name varchar not null,           -- path below the channel's folder
    delivered_sha256 varchar not null,
    size_bytes bigint not null,
    period varchar,                       -- as the file name declares it
    part varchar,
    modified_at timestamp,                -- of the file in the inbox, when it was first seen; null where it was not recorded
    run_id varchar not null,
    delivered_at timestamp not null       -- operational clock, when it was first seen
);

-- What was decided about a delivery: held, because it would take away more than its contract allows; accepted, by a person
-- or because it does so no longer. An accepted delivery stays accepted. Never updated and never deleted.
create table delivery_rulings (
    ruling_number bigint primary key,
    sequence bigint not null,             -- of the delivery
    ruling varchar not null,              -- held, accepted
    reason_code varchar,                  -- why it was held
    detail varchar,                       -- counts and percentages; never a value
    reason varchar,                       -- why it was accepted, as the person said
    ruled_by varchar not null,
    run_id varchar,
    ruled_at timestamp not null           -- operational clock
);

-- Files of the inbox as they looked when they were last hashed: a file that looks the same is not read again.
create table inbox_seen (
    channel varchar not null,
    export varchar not null,
    file_name varchar not null,
    size_bytes bigint not null,
    modified_ns bigint not null,
    changed_ns bigint not null,
    inode bigint not null,
    delivered_sha256 varchar not null,
    primary key (channel, export, file_name)
);

-- A load's own newest source version, as sortable text; version_order is now its rank among its export's deliveries.
alter table loads add column newest_version varchar;
update loads set newest_version = regexp_extract(version_order, '^(.*)\|[^|]*\|[^|]*$', 1);

-- Homes from before deliveries were recorded: the order in which the runs landed them.
insert into deliveries
select
    row_number() over (order by landed_at, version_order, channel, export, file_name),
    channel, export, file_name, delivered_sha256, size_bytes, period, part, null, run_id, landed_at
from loads
where status in ('landed', 'duplicate_file');
