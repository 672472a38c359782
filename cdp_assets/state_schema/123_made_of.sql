-- What a published table was made of, where the warehouse can say so: the next generation keeps it without reading it where that is the same.
-- Null: it is written anew, as after an erasure and where cells were masked.
alter table generation_tables add column made_of text;
