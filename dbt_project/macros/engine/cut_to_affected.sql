{#- A model's compiled code over its inputs' rows of affected keys only, where `follows` names the columns that hold the key; other inputs are read whole. -#}
{% macro cut_to_affected(code) %}
  {%- set cut = {'code': code} -%}
  {%- for input, key in follows().items() if key is not string -%}
    {%- for node in nodes_named(input) -%}
      {%- set rows -%}(select rows_of_key.* from {{ node.relation_name }} as rows_of_key semi join affected on {{ of_affected('rows_of_key', key) }}){%- endset -%}
      {%- do cut.update({'code': cut.code | replace(node.relation_name, rows)}) -%}
    {%- endfor -%}
  {%- endfor -%}
  {{ return(cut.code) }}
{% endmacro %}
