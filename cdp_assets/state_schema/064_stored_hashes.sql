-- What the landed file held when it was written: a bit that flips at rest is seen before a build reads it.
alter table loads add column parquet_sha256 varchar;
