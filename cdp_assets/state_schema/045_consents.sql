-- Every answer of every person, kept on the date of the run that first knew it, and once more on the date when no delivery
-- held it any longer (is_ended). Pseudonyms, words and times only: no address, number or name.
create table consent_statements_by_date (
    as_of_date date not null,
    statement_id text not null,
    is_ended boolean not null,
    channel text not null,
    record_key text,                  -- null: the answer names a contact alone, or a device without log-in
    contact_type text not null,       -- email, phone, platform, record, person
    contact_scope text,
    contact_pseudonym text,           -- of the contact that it names as the channel spells it; null: the record's own
    purpose text not null,
    status text not null,
    legal_basis text,
    jurisdiction text,
    policy_version text,
    evidence text,
    signal text,
    recorded_at timestamp,
    expires_at timestamp,
    primary key (as_of_date, statement_id)
);
