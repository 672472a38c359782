{#- The models, seeds and sources of a name. -#}
{% macro nodes_named(name) %}
  {%- set found = [] -%}
  {%- for node in graph.nodes.values() if node.name == name and node.resource_type in ('model', 'seed') -%}{%- do found.append(node) -%}{%- endfor -%}
  {%- for node in graph.sources.values() if node.name == name -%}{%- do found.append(node) -%}{%- endfor -%}
  {%- if not found -%}{{ exceptions.raise_compiler_error(model.unique_id ~ " follows " ~ name ~ ", which is no model, list or source") }}{%- endif -%}
  {{ return(found) }}
{% endmacro %}
