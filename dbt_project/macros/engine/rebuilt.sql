{#- A table or view of the build file, dropped and rebuilt in one transaction, unless it stands as it would be built (macro carried). The build file
    has no other reader, no grants, no indexes and no foreign keys, so what the adapter does for them (another name first, two renames, a second
    drop) is left out. Contracts and comments are the adapter's own. -#}
{% macro rebuilt(type) %}
  {%- set relation = this.incorporate(type=type) -%}
  {%- set former = load_cached_relation(this) -%}
  {%- set made = carried(compiled_code) -%}
  {% if made.is_same and former is not none and former.type == type %}{{ return(left_as_it_is(relation)) }}{% endif %}
  {% if made.is_planned %}{{ struck(model.unique_id) }}{% endif %}
  {% if former is not none %}{{ adapter.drop_relation(former) }}{% endif %}
  {% call statement('main') -%}
    {{ create_table_as(False, this, compiled_code) if type == 'table' else create_view_as(this, compiled_code) }}
  {%- endcall %}
  {% do persist_docs(relation, model) %}
  {% if made.is_planned %}{{ entered(made, relation) }}{% endif %}
  {{ adapter.commit() }}
  {{ return({'relations': [relation]}) }}
{% endmacro %}
