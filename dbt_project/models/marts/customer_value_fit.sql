-- the parameters behind customer_value, and whether this run could fit them
select
    as_of_date, model, status, fitted_as_of_date, r, alpha, a, b, p, q, v, log_likelihood, customers, frequency_value_correlation, message
from {{ source('insight', 'customer_value_fit') }}
