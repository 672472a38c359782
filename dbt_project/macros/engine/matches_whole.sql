{#- Whether a regular expression (RE2 and Java agree on it) matches the whole text. Spark: text rlike concat('^(', pattern, ')$'). -#}
{% macro matches_whole(text, pattern) -%}
    regexp_full_match({{ text }}, {{ pattern }})
{%- endmacro %}
