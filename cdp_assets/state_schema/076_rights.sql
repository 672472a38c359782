-- What people asked for by right. Who asked stands here as keyed hashes only.
create table rights_requests (
    request_id text primary key,
    kind text not null,                  -- erase, access, correct, restrict, object, opt-out
    jurisdiction text not null,          -- gdpr, uk_gdpr, ccpa, pipl, other
    legal_basis text,
    received_at timestamp not null,      -- UTC
    due_date date not null,              -- last day to answer on
    is_extended boolean not null,
    is_verified boolean not null,        -- somebody made sure that it comes from its person
    status text not null,                -- received, waiting (for a person's word), in_progress, completed, refused, cancelled
    outcome text,                        -- a code and counts; never a value
    closed_at timestamp
);
create table rights_identities (
    request_id text not null,
    identity_type text not null,
    identity_pseudonym text not null
);
-- What must stay although it is asked for, per table and column.
create table rights_holds (
    request_id text not null,
    table_name text not null,
    column_name text,                    -- null: the whole table
    reason text not null,
    until_date date
);
create table rights_events (
    event_id text primary key,
    request_id text not null,
    noted_at timestamp not null,
    event text not null,
    actor text not null,
    detail text
);
-- Erasures that were begun, and how far they are proven.
create table rights_erasures (
    erasure_id text primary key,
    request_ids text[] not null,
    begun_at timestamp not null,
    ended_at timestamp,
    status text not null,                -- begun, interim (platforms still to answer), final
    certificate_sha256 text
);
-- Orders whose person is gone: they stay in revenue, and their conversions are unattributed with this reason. Bare ids of orders.
create table erased_orders (
    channel text not null,
    order_id text not null,
    primary key (channel, order_id)
);
-- Which request suppressed what, so that a later consent of hers can let her in again.
create table rights_suppressed (
    request_id text not null,
    identifier_pseudonym text not null,
    primary key (request_id, identifier_pseudonym)
);
