{#- What a materialisation answers where it builds nothing. dbt passes the word on to whoever called it. -#}
{% macro left_as_it_is(relation) %}
  {% call noop_statement('main', 'unchanged', 'unchanged', 0) -%}select 'unchanged'{%- endcall %}
  {{ return({'relations': [relation]}) }}
{% endmacro %}
