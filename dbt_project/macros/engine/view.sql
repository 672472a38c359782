{% materialization view, adapter='duckdb' %}
  {{ return(rebuilt('view', create_view_as(this, compiled_code))) }}
{% endmaterialization %}
