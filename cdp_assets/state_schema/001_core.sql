-- Which key made this home's record keys (a fingerprint, not the key).
create table key_fingerprint (fingerprint text not null);

-- Keyed hashes of identifiers whose owner asked to be forgotten; landing and staging leave their rows out.
create table suppressions (
    identifier_type text not null,
    identifier_pseudonym text not null,
    requested_at timestamp,
    primary key (identifier_type, identifier_pseudonym)
);
