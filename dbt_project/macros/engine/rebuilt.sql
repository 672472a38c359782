{#- A table or view of the build file, dropped and rebuilt in one transaction, unless it stands as it would be built (macro carried). The build file
    has no other reader, no grants, no indexes and no foreign keys, so what the adapter does for them (another name first, two renames, a second
    drop) is left out. Contracts and comments are the adapter's own. A table that others follow is compared with what stood there. -#}
{% macro rebuilt(type, asked=none) %}
  {%- set relation = this.incorporate(type=type) -%}
  {%- set former = load_cached_relation(this) -%}
  {%- set made = asked or carried(compiled_code) -%}
  {% if made.is_same and former is not none and former.type == type %}{{ return(left_as_it_is(relation)) }}{% endif %}
  {%- set is_compared = made.is_followed and type == 'table' and former is not none and former.is_table and made.fingerprint is not none -%}
  {% if made.is_planned %}{{ struck(model.unique_id) }}{% endif %}
  {% if is_compared %}
    {% call statement('set_aside') -%}alter table {{ this }} rename to {{ adapter.quote('former of ' ~ this.identifier) }}{%- endcall %}
  {% elif former is not none %}{{ adapter.drop_relation(former) }}{% endif %}
  {% call statement('main') -%}
    {{ create_table_as(False, this, compiled_code) if type == 'table' else create_view_as(this, compiled_code) }}
  {%- endcall %}
  {% do persist_docs(relation, model) %}
  {% if made.is_planned %}{{ entered(made, relation) }}{% endif %}
  {% if is_compared %}{{ compared(made, former.incorporate(path={'identifier': 'former of ' ~ this.identifier})) }}{% endif %}
  {{ adapter.commit() }}
  {{ return({'relations': [relation]}) }}
{% endmacro %}
