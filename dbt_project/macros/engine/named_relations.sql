{#- SQL of `follows` or `also` with the relations of what it names in braces: models, lists and sources, and `this`. -#}
{% macro named_relations(text) %}
  {%- set filled = {'text': text | replace('{this}', this | string)} -%}
  {%- for name in modules.re.findall('[{]([a-z0-9_]+)[}]', filled.text) | unique -%}
    {%- do filled.update({'text': filled.text | replace('{' ~ name ~ '}', nodes_named(name)[0].relation_name)}) -%}
  {%- endfor -%}
  {{ return(filled.text) }}
{% endmacro %}
