"""Beyond one machine: the same dbt project on Spark.

`exchange` carries tables between a DuckDB file and Parquet, `session` opens Spark, `tables` is what Spark knows of the home.
Nothing here says what a table means: that is the dbt project's, for both engines.
"""
