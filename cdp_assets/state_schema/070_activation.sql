-- What was proposed to destinations, and what they answered. A list is one audience at one destination; its members are platform keys.
create table activation_lists (
    list_id integer primary key,
    destination text not null,
    audience text not null
);
-- Platform keys, each once: a hash as the platform compares it, or an id in clear where a platform takes no hash.
create table activation_keys (
    key_id bigint not null,
    contact_type text not null,       -- email, phone, platform
    platform_key text not null
);
-- Customers who yielded a key when it was proposed: what erasure asks for.
create table activation_key_customers (
    key_id bigint not null,
    customer_id text not null
);
-- One file that was proposed. An answer counts for the whole batch but for keys in activation_answers.
create table activation_batches (
    batch_no integer primary key,
    batch_id text not null unique,    -- <destination>/<audience>/<generation>-<sequence>/<add|remove>-<number>
    list_id integer not null,
    operation text not null,          -- add, remove, replace
    field text,                       -- the identifier of the file; null: all stand together
    generation text not null,
    sequence integer not null,
    file_name text not null,
    sha256 text not null,
    size_bytes bigint not null,
    row_count bigint not null,
    proposed_on date not null,        -- the generation's as_of_date
    upload_before date,               -- the first consent in it ends then
    status text not null,             -- pending, acknowledged, refused, superseded
    answered_on date,
    received bigint,                  -- as the platform counted
    note text
);
-- Keys that may be at the platform: ever proposed, and their removal not acknowledged. One row per list_id and key_id.
create table activation_entries (
    list_id integer not null,
    key_id bigint not null,
    field text not null,
    add_batch integer,                -- null: to be proposed again
    remove_batch integer
);
-- Keys of batches that were superseded before they were answered: a late answer still counts.
create table activation_superseded_keys (
    batch_no integer not null,
    key_id bigint not null,
    field text not null
);
-- Answers for single keys, where they differ from their batch's.
create table activation_answers (
    batch_no integer not null,
    key_id bigint not null,
    outcome text not null,            -- accepted, refused
    reason text,
    answered_on date not null
);
-- Contacts by message destinations: reserved when proposed, released when refused, superseded or unanswered for too long.
create table activation_contacts (
    customer_id text not null,
    list_id integer not null,
    batch_no integer not null,
    reserved_on date not null
);
-- How many customers stood at which step of a list's waterfall, in its newest activation.
create table activation_counts (
    list_id integer not null,
    generation text not null,
    place integer not null,
    step text not null,
    customer_count bigint not null
);
-- Members of audiences, and every entering and leaving with its reason.
create table audience_members (
    audience text not null,
    customer_id text not null,
    entered_on date not null,
    reason text not null
);
create table audience_history (
    audience text not null,
    customer_id text not null,
    event text not null,              -- entered, left
    reason text not null,
    on_date date not null,
    generation text not null,
    other_customer_id text            -- where a merge moved the membership
);
-- Conversions that were proposed, per destination and event.
create table activation_events (
    destination text not null,
    event_id text not null,
    customer_id text not null,
    kind text not null,               -- event, adjustment
    net_amount decimal(18, 2) not null,
    batch_no integer not null
);
