{% materialization view, adapter='duckdb' %}
  {{ return(made_anew('view', create_view_as(this, compiled_code))) }}
{% endmaterialization %}
