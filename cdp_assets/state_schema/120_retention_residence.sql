-- Which region's data this home holds: written when the first file of a contract with a residence lands, and never changed.
create table home_region (
    region varchar primary key,
    noted_at timestamp not null           -- operational clock
);
-- What retention removed, append-only: one row per day of a run and table that lost rows.
create table retention_counts (
    ran_on date not null,
    table_name varchar not null,
    classification varchar not null,      -- core, internal: the highest class of the table's columns
    days bigint not null,                 -- the retention that was in force
    removed_rows bigint not null
);
