-- Tables released to partners: charged before their noise was drawn, and drawn once.
create table share_releases (
    release_id varchar primary key,       -- hash of definition and generation
    share varchar not null,
    partner varchar not null,
    charged_year integer not null,
    generation varchar not null,
    epsilon double not null,
    delta double not null,
    charged_at timestamp not null,        -- operational clock
    released_at timestamp,                -- null: charged, and nothing was written yet
    file_sha256 varchar
);
-- What of a person's yearly budget with a partner is spent. One row per release and person.
create table share_charges (
    release_id varchar not null,
    partner varchar not null,
    charged_year integer not null,
    customer_id varchar not null,
    epsilon double not null,
    delta double not null,
    primary key (release_id, customer_id)
);
