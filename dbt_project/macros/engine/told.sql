{#- Enters between which contents of a table its changes stand: they are believed by whoever was built from the one and sees the other. -#}
{% macro told(was, became) %}
  {% call statement('told_between') -%}
    insert into build.changes values ('{{ model.unique_id }}', '{{ was }}', '{{ became }}')
  {%- endcall %}
{% endmacro %}
