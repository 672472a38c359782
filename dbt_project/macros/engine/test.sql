{#- A test as dbt runs it (without its table of failures, which this project never asks for). One that found nothing in the very same tables is not
    asked again: its pass is carried over, and dbt passes on that it was. -#}
{% materialization test, adapter='duckdb' %}
  {%- set made = carried(sql) -%}
  {% if made.is_same %}
    {%- set passed = run_query('select 0 as failures, false as should_warn, false as should_error') -%}
    {% do store_raw_result('main', message='unchanged', code='unchanged', rows_affected=0, agate_table=passed) %}
    {{ return({'relations': []}) }}
  {% endif %}
  {% if made.is_planned %}{{ struck(model.unique_id) }}{{ adapter.commit() }}{% endif %}
  {% call statement('main', fetch_result=True) -%}
    {{ get_test_sql(get_limit_subquery_sql(sql, config.get('limit')), config.get('fail_calc'), config.get('warn_if'), config.get('error_if'), limit=none) }}
  {%- endcall %}
  {% if made.is_planned and load_result('main').table.rows[0][0] == 0 %}
    {% call statement('passed') -%}
      insert into build.nodes (node, inputs, code, written)
      values ('{{ model.unique_id }}', {{ text_or_null(made.inputs) }}, {{ text_or_null(made.code) }}, {{ text_or_null(made.written) }})
    {%- endcall %}
    {{ adapter.commit() }}
  {% endif %}
  {{ return({'relations': []}) }}
{% endmaterialization %}
