-- Orders that counted in a generation and are parked since: until they count again, nobody leaves an audience by its rules for them.
create table activation_parked_orders (
    channel text not null,
    order_id text not null,
    parked_on date not null,          -- as_of_date of the first generation in which it is parked
    primary key (channel, order_id)
);
