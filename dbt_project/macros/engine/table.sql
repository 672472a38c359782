{% materialization table, adapter='duckdb' %}
  {{ return(made_anew('table', create_table_as(False, this, compiled_code))) }}
{% endmaterialization %}
