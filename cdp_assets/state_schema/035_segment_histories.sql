-- Histories that dbt proposes in the warehouse's schema `history`, kept per as_of_date at publication.

create table rfm_scores_by_date (
    as_of_date date not null,
    customer_id text not null,
    last_purchase_date date,
    recency_days bigint,
    frequency bigint,
    monetary decimal(18, 2),
    recency_score integer,
    frequency_score integer,
    monetary_score integer,
    rfm_cell text,
    segment text,
    primary key (as_of_date, customer_id)
);

create table rfm_cut_points_by_date (
    as_of_date date not null,
    score_of text not null,           -- recency, frequency, monetary
    score integer not null,
    least_value decimal(18, 2),
    greatest_value decimal(18, 2),
    customer_count bigint,
    primary key (as_of_date, score_of, score)
);

create table lifecycle_by_date (
    as_of_date date not null,
    customer_id text not null,
    stage text not null,
    last_purchase_date date,
    days_since_purchase bigint,
    purchase_days bigint,
    primary key (as_of_date, customer_id)
);

create table scorecard_by_date (
    as_of_date date not null,
    cadence text not null,            -- weekly, quarterly
    metric text not null,
    period_start date not null,
    value double,
    primary key (as_of_date, cadence, metric, period_start)
);
