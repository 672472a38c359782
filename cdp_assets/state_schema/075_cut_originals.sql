-- What was cut out of a stored original because its people asked to be forgotten. Delivered and stored hash stand apart; exactly-once goes
-- by the delivered one. parsed_rows = landed_rows + quarantined_rows + duplicate_rows + erased_rows + anonymised_rows.
alter table loads add column anonymised_rows bigint;     -- rows that bear money, landed without their person
alter table loads add column removed_rows bigint;        -- rows that are no longer in the stored original; part of erased_rows
alter table loads add column blanked_lines bigint[];     -- lines of the stored original whose personal cells are blank
