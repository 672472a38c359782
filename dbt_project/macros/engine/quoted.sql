{#- Texts as SQL literals with commas between. -#}
{% macro quoted(texts) -%}
    {%- for text in texts %}'{{ text | replace("'", "''") }}'{{ ', ' if not loop.last }}{% endfor -%}
{%- endmacro %}
