{% materialization table, adapter='duckdb' %}
  {{ return(rebuilt('table')) }}
{% endmaterialization %}
