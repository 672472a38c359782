-- What people decided about the home as a whole, append-only: started over without its former state, a large expiry let through.
create table home_events (
    event varchar not null,               -- started_over, expiry_accepted
    detail varchar not null,              -- counts and names of files; never a value
    decided_by varchar not null,
    decided_at timestamp not null         -- operational clock
);
