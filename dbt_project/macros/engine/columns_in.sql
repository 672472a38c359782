{#- Columns of a table of the build file, with their types, as one text. -#}
{% macro columns_in(relation) %}
  {%- set described = run_query("select column_name, column_type from (describe " ~ relation ~ ")") -%}
  {%- set found = [] -%}
  {%- for row in described.rows -%}{%- do found.append(row[0] ~ ' ' ~ row[1]) -%}{%- endfor -%}
  {{ return(found | join(', ')) }}
{% endmacro %}
