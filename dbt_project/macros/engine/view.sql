{% materialization view, adapter='duckdb' %}
  {{ return(rebuilt('view')) }}
{% endmaterialization %}
