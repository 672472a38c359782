{#- A reference list, loaded from its file as dbt loads it, unless file and types are as before. A list too long for dbt to digest is loaded always. -#}
{% materialization seed, adapter='duckdb' %}
  {%- set relation = this.incorporate(type='table') -%}
  {%- set former = load_cached_relation(this) -%}
  {%- set made = carried(model.checksum) -%}
  {%- if model.checksum.name == 'path' -%}{%- do made.update({'is_same': false, 'inputs': none}) -%}{%- endif -%}
  {% if made.is_same and former is not none and former.is_table %}
    {%- do store_result('agate_table', response='OK', agate_table=run_query('select 0 as rows')) -%}
    {{ return(left_as_it_is(relation)) }}
  {% endif %}
  {%- set rows = load_agate_table() -%}
  {%- do store_result('agate_table', response='OK', agate_table=rows) -%}
  {% if made.is_planned %}{{ struck(model.unique_id) }}{% endif %}
  {% if former is not none %}{{ adapter.drop_relation(former) }}{% endif %}
  {%- set created = create_csv_table(model, rows) -%}
  {%- set loaded = load_csv_rows(model, rows) if rows.rows | length else '' -%}
  {% call noop_statement('main', 'CREATE ' ~ (rows.rows | length), 'CREATE', rows.rows | length) %}{{ get_csv_sql(created, loaded) }}{% endcall %}
  {% do persist_docs(relation, model) %}
  {% if made.is_planned %}{{ entered(made, relation) }}{% endif %}
  {{ adapter.commit() }}
  {{ return({'relations': [relation]}) }}
{% endmaterialization %}
