-- Damage at rest: hashes of what is stored beside landed files, which part is verified next, and what was found.
alter table loads add column quarantine_sha256 varchar;      -- of the quarantined rows' file, null where there is none
alter table loads add column original_removed_at timestamp;  -- when its retention removed the original

-- The files of each generation as they were published.
create table generation_files (
    generation varchar not null,
    file_name varchar not null,           -- below the generation's folder
    size_bytes bigint not null,
    sha256 varchar not null,
    primary key (generation, file_name)
);

-- One row: the number of the verification turn. A turn reads one in thirty of the stored files; each run is a turn.
create table verification_turns (turn bigint not null);
insert into verification_turns values (0);

-- What was found damaged, and what was done about it, append-only.
create table damage_found (
    place varchar not null,               -- generation, landing
    detail varchar not null,              -- names of files; never a value
    found_at timestamp not null,          -- operational clock
    told_in_run varchar                   -- the run whose alert told of it, null until one has
);
