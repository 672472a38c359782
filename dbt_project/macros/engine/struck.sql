{#- Strikes a node from `build.nodes`, which opens the transaction that builds it: whoever dies in it leaves both as they were. -#}
{% macro struck(node) %}
  {% call statement('struck') -%}delete from build.nodes where node = '{{ node }}'{%- endcall %}
{% endmacro %}
