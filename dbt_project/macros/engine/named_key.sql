{#- A key's columns as key_1, key_2 …, so that two relations meet on them whatever the source calls them. -#}
{% macro named_key(side, key) -%}
    {%- for column in key %}{{ side }}.{{ column }} as key_{{ loop.index }}{{ ', ' if not loop.last }}{% endfor -%}
{%- endmacro %}
