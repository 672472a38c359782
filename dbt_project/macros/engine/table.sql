{% materialization table, adapter='duckdb' %}
  {{ return(rebuilt('table', create_table_as(False, this, compiled_code))) }}
{% endmaterialization %}
