-- Identity's memory. Evidence values are never kept here in clear: nodes and terms are keyed pseudonyms.

-- One row per committed identity proposal, in order; a withdrawn one (rollback) no longer counts.
create table identity_generations (
    generation_number bigint primary key,
    generation varchar not null unique,
    as_of_date date not null,
    run_id varchar not null,
    model_version varchar not null,
    is_withdrawn boolean not null default false,
    is_change_accepted boolean not null default false,
);

-- One row per record and time span; to_generation is null while the row is current.
create table customer_id_history (
    record_key varchar not null,
    channel varchar not null,
    record_kind varchar,
    customer_id varchar not null,
    reason varchar not null,
    effective_at timestamp not null,
    superseded_at timestamp,
    from_generation bigint not null,
    to_generation bigint,
);

create table customer_id_events (
    event_id varchar not null,
    event varchar not null,
    customer_id varchar not null,
    other_customer_id varchar,
    record_count bigint not null,
    reason varchar,
    effective_at timestamp not null,
    generation_number bigint not null,
);

-- Every id ever issued; rows are never deleted, so no id is issued to others.
create table issued_ids (
    customer_id varchar primary key,
    origin_record_key varchar not null,
    mint_number bigint not null,
    first_generation bigint not null,
    issued_at timestamp not null,
);

-- A model is parameters and term frequencies, frozen together.
create table identity_models (
    model_version varchar primary key,
    origin varchar not null,
    parameters json not null,
    report json not null,
    as_of_date date not null,
    is_current boolean not null,
);

create table identity_term_frequencies (
    model_version varchar not null,
    column_name varchar not null,
    term_key varchar not null,
    frequency double not null,
);

create table identity_pairs (
    node_key_l varchar not null,
    node_key_r varchar not null,
    match_weight double not null,
    match_probability double not null,
    match_key varchar not null,
    model_version varchar not null,
);

create table identity_scored_nodes (
    node_key varchar not null,
    self_weight double,
    model_version varchar not null,
);

-- Blocks that held too many nodes to be compared, so that the night they shrink their nodes are scored.
create table identity_overfull_blocks (
    blocking_rule varchar not null,
    block_key varchar not null,
    node_count bigint not null,
    model_version varchar not null,
);

create table rulings (
    ruling_id varchar primary key,
    kind varchar not null check (kind in ('must_link', 'cannot_link')),
    record_key_l varchar not null,
    record_key_r varchar not null,
    reason varchar,
    ruled_by varchar,
    ruled_on date not null,
    evidence_hash varchar,
    is_undone boolean not null default false,
);

create table identity_quality (
    generation_number bigint not null,
    as_of_date date not null,
    metric varchar not null,
    dimension varchar not null,
    value double,
);
