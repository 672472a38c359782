-- What a request asks beyond whom it is about. A right value stands here only until the correction is carried out.
create table rights_wishes (
    request_id text primary key,
    purposes text[],                     -- of an objection or its lifting; null: all that it may mean
    language text,                       -- of the answer that the person reads
    attribute text,                      -- of a correction: the column of a customer record
    right_value text,
    wrong_pseudonym text                 -- keyed hash of the value that is wrong; null: whatever her records say
);
-- Which of the records that only a score joins to a person are hers, by the officer's word.
create table rights_confirmations (
    request_id text not null,
    record_key text not null,
    is_hers boolean not null,
    decided_by text not null,
    decided_at timestamp not null,
    primary key (request_id, record_key)
);
-- Purposes that a person refused by a request of hers: in force on her records until a request lifts it.
create table rights_refusals (
    request_id text not null,
    record_key text not null,
    purpose text not null,
    refused_at timestamp not null,
    lifted_at timestamp,
    lifted_by_request_id text,
    primary key (request_id, record_key, purpose)
);
-- Values that a person had corrected, by record and attribute. The wrong value is a keyed hash of what the channel delivers.
create table rights_corrections (
    request_id text not null,
    record_key text not null,
    attribute text not null,
    wrong_pseudonym text not null,
    right_value text not null,
    status text not null,                -- standing, superseded (by a later request), lapsed (the channel delivered a third value)
    corrected_at timestamp not null,
    ended_at timestamp,
    primary key (request_id, record_key, attribute)
);
-- Answers to requests of access: files that expire, and whose records are in them.
create table rights_answers (
    request_id text primary key,
    file_name text not null,
    sha256 text not null,
    made_at timestamp not null,
    expires_at timestamp not null,
    fetched_at timestamp,
    ended_at timestamp,
    ended_because text                   -- expired, erased, replaced
);
create table rights_answer_records (
    request_id text not null,
    record_key text not null,
    primary key (request_id, record_key)
);
