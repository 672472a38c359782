{#- A text that holds no quote, as a literal. -#}
{% macro text_or_null(text) %}{{ "'" ~ text ~ "'" if text is not none else 'null' }}{% endmacro %}
