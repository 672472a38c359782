{#- A table of which a night replaces the rows of the keys that may have changed, where only inputs changed that say which rows they changed: on
    DuckDB in one transaction (macro replaced). Spark builds it whole. What the model promises by it stands in docs/extending.md. -#}
{% materialization replace_changed, adapter='duckdb' %}
  {{ return(replaced()) }}
{% endmaterialization %}

{% materialization replace_changed, adapter='spark', supported_languages=['sql', 'python'] %}
  {{ return(materialization_table_spark()) }}
{% endmaterialization %}
