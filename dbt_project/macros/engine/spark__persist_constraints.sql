{#- On Spark tables are Parquet, which knows no constraint: a column that is never empty is held so where the table is taken into the warehouse
    (cdp_assets/spark/models.py). dbt-spark's own macro takes a table without a named format for Delta, and fails. -#}
{% macro spark__persist_constraints(relation, model) %}{% endmacro %}
