-- Decisions that the site wrote into inboxes and a run took: each once.
create table decisions (
    decision_id text primary key,     -- name of the decision's file
    inbox text not null,              -- rulings, and others as they come
    outcome text not null,            -- applied, refused
    reason_code text,                 -- unreadable, incomplete, contradiction, unknown_ruling
    decided_by text,
    decided_at timestamp,
    as_of_date date not null
);
