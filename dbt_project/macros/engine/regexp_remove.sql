{#- A text without what a regular expression (RE2 and Java agree on it) matches, all occurrences. -#}
{% macro regexp_remove(text, pattern) -%}
    {{ return(adapter.dispatch('regexp_remove', 'onefold')(text, pattern)) }}
{%- endmacro %}

{% macro duckdb__regexp_remove(text, pattern) -%}
    regexp_replace({{ text }}, '{{ pattern }}', '', 'g')
{%- endmacro %}

{% macro spark__regexp_remove(text, pattern) -%}
    regexp_replace({{ text }}, r'{{ pattern }}', '')
{%- endmacro %}
