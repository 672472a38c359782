-- Every content that a stored original was cut to: a file of the inbox that an earlier erasure wrote again is still the delivery that it was.
create table cut_versions (
    delivered_sha256 varchar not null,
    stored_sha256 varchar not null,
    primary key (delivered_sha256, stored_sha256)
);
insert into cut_versions select distinct delivered_sha256, stored_sha256 from loads where stored_sha256 <> delivered_sha256;
