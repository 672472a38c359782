{#- A table or view of the build file, dropped and rebuilt in one transaction. The build file has no other reader, no grants, no
    indexes and no foreign keys, so what the adapter does for them (another name first, two renames, a second drop) is left out.
    Contracts and comments are the adapter's own. -#}
{% macro rebuilt(type, statement_text) %}
  {%- set relation = this.incorporate(type=type) -%}
  {%- set former = load_cached_relation(this) -%}
  {% if former is not none %}{{ adapter.drop_relation(former) }}{% endif %}
  {% call statement('main') -%}{{ statement_text }}{%- endcall %}
  {% do persist_docs(relation, model) %}
  {{ adapter.commit() }}
  {{ return({'relations': [relation]}) }}
{% endmacro %}
