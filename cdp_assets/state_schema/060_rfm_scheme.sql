-- Which scheme scored a row: rows kept before it was recorded have none.

alter table rfm_scores_by_date add column scheme_version text;
