-- Fitted parameters of the customer value models, one row per run date and model; yesterday's serve when a fit fails.
create table customer_value_fit (
    as_of_date date not null,
    model text not null,              -- bg_nbd, gamma_gamma
    status text not null,             -- fitted, previous, unavailable
    fitted_as_of_date date,           -- of which run the parameters are
    r double, alpha double, a double, b double,   -- bg_nbd, time in days
    p double, q double, v double,                 -- gamma_gamma, reporting currency
    log_likelihood double,
    customers bigint,
    frequency_value_correlation double,
    message text,
    primary key (as_of_date, model)
);
