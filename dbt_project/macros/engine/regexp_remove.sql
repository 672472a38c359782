{#- A text without what a regular expression (RE2 and Java agree on it) matches, all occurrences. -#}
{% macro regexp_remove(text, pattern) -%}
    regexp_replace({{ text }}, '{{ pattern }}', '', 'g')
{%- endmacro %}
