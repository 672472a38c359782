-- Files of letters that were written again, under their batch id, without people who may not get them any more: what an answer may still name.
create table activation_former_files (
    batch_no integer not null,
    sha256 text not null
);
