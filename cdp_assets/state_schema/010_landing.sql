-- The ledger: one row per file name and content that the inbox ever held, with counts that balance:
-- parsed_rows = landed_rows + quarantined_rows + duplicate_rows + erased_rows (status landed).
create table loads (
    load_id varchar not null,            -- first 16 hex digits of delivered_sha256
    channel varchar not null,
    export varchar not null,
    file_name varchar not null,          -- path below the channel's folder
    delivered_sha256 varchar not null,   -- of the bytes as delivered
    stored_sha256 varchar not null,      -- of the copy under landing/_originals; differs after erasure
    size_bytes bigint not null,
    status varchar not null,             -- started, landed, duplicate_file
    reason_code varchar,
    remedy varchar,
    parsed_rows bigint,                  -- counted by other code than the reader
    landed_rows bigint,
    quarantined_rows bigint,
    duplicate_rows bigint,               -- same declared key within the file, older version
    erased_rows bigint,                  -- rows of suppressed identifiers
    future_rows bigint,                  -- landed rows dated after the run's date plus the contract's margin
    ambiguous_time_rows bigint,          -- landed rows whose local time occurs twice; the later was taken
    extra_columns varchar[],
    period varchar,                      -- as the file name declares it
    part varchar,
    version_order varchar,               -- rank among the deliveries of the export: period, sequence
    is_current boolean not null,         -- false where the delivery rule says that a newer file replaces it
    contract_version varchar not null,
    run_id varchar not null,
    landed_at timestamp not null,        -- operational clock, used by no figure
    primary key (channel, export, file_name, load_id)
);

-- Files that wait in the inbox, and files that no contract matches; rewritten by every scan of the channel.
create table held_files (
    channel varchar not null,
    export varchar,
    file_name varchar not null,
    size_bytes bigint,
    reason_code varchar not null,
    detail varchar not null,             -- columns, counts and line numbers; never a value
    remedy varchar not null,
    run_id varchar not null,
    seen_at timestamp not null,
    primary key (channel, file_name)
);

-- How many rows each load left in quarantine, by reason and column.
create table quarantine_summary (
    load_id varchar not null,
    channel varchar not null,
    export varchar not null,
    reason_code varchar not null,
    column_name varchar,
    quarantined_rows bigint not null,
    first_line bigint not null
);
