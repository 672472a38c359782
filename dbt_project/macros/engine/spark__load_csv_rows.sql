{#- A reference list's rows on Spark, as literals. dbt-spark's own macro writes a quote as it is, so that the text ends there, an empty cell as the
    text None, and a number by way of a double. -#}
{% macro spark__load_csv_rows(model, agate_table) %}
  {%- set types = model['config'].get('column_types', {}) -%}
  {%- set written = [] -%}
  {%- for chunk in agate_table.rows | batch(1000) -%}
    {%- set lines = [] -%}
    {%- for row in chunk -%}
      {%- set cells = [] -%}
      {%- for name in agate_table.column_names -%}
        {%- set type = types.get(name, adapter.convert_type(agate_table, loop.index0)) -%}
        {%- do cells.append('cast(' ~ spark_literal(row[loop.index0]) ~ ' as ' ~ type ~ ')') -%}
      {%- endfor -%}
      {%- do lines.append('(' ~ cells | join(', ') ~ ')') -%}
    {%- endfor -%}
    {%- set insert = 'insert into ' ~ this.render() ~ ' values ' ~ lines | join(', ') -%}
    {%- do adapter.add_query(insert, abridge_sql_log=True) -%}
    {%- do written.append(insert) -%}
  {%- endfor -%}
  {{ return(written[0]) }}
{% endmacro %}
