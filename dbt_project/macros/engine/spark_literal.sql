{#- A value of a reference list as Spark reads it: a backslash and a quote stand behind a backslash. -#}
{% macro spark_literal(value) %}
  {%- if value is none -%}{{ return('null') }}{%- endif -%}
  {{ return("'" ~ (value | string).replace('\\', '\\\\').replace("'", "\\'") ~ "'") }}
{% endmacro %}
