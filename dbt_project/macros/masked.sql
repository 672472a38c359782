{#- A text of which only the first character shows: 张*. -#}
{% macro masked(text) -%}
    case when {{ text }} is not null then substr({{ text }}, 1, 1) || '*' end
{%- endmacro %}
