-- recency, frequency and monetary value of every customer with a purchase day in the window, scored 1 to 5;
-- one-time buyers alone have frequency score 1, the others share 2 to 5 by rank among themselves
-- depends_on: {{ ref('customer_purchase_days') }}
{{ rfm_scores_at('(select ' ~ as_of_date() ~ ' as as_of_date)') }}
