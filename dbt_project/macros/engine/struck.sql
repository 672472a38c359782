{#- Strikes a node from what the warehouse says of itself, which opens the transaction that builds it: whoever dies in it leaves both as they were. -#}
{% macro struck(node) %}
  {% call statement('struck') -%}
    delete from build.nodes where node = '{{ node }}';
    delete from build.followed where node = '{{ node }}';
    delete from build.changes where node = '{{ node }}'
  {%- endcall %}
{% endmacro %}
