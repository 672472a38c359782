-- One row per generation that was published or tried to be.
create table generations (
    generation text primary key,
    run_id text not null,
    as_of_date date not null,
    status text not null,             -- current (what readers see), superseded, withdrawn, removed (files gone)
    created_at timestamp not null,    -- operational clock, not used by any figure
    note text
);

-- What each published table held: rows and a content fingerprint.
create table generation_tables (
    generation text not null,
    file_name text not null,
    table_name text not null,
    row_count bigint not null,
    fingerprint text not null,
    primary key (generation, file_name, table_name)
);
