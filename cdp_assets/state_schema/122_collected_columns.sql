-- What is collected and what reads it, as `onefold minimise` last found it. One row per channel, export and column of the contracts.
create table collected_columns (
    channel varchar not null,
    export varchar not null,
    column_name varchar not null,
    classification varchar not null,      -- public, internal, sensitive, core
    is_collected boolean not null,
    is_used boolean not null,
    used_by varchar,                      -- landing, identity, activation, models that it decides about rows in; with commas
    marts varchar,                        -- mart.column, with commas
    pages varchar,
    audiences varchar,
    last_used date,                       -- as_of_date of the newest build that reads it
    surveyed_at timestamp not null,       -- operational clock
    primary key (channel, export, column_name)
);
