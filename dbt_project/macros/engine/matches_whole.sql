{#- Whether a regular expression (RE2 and Java agree on it) matches the whole text. -#}
{% macro matches_whole(text, pattern) -%}
    {{ return(adapter.dispatch('matches_whole', 'onefold')(text, pattern)) }}
{%- endmacro %}

{% macro duckdb__matches_whole(text, pattern) -%}
    regexp_full_match({{ text }}, {{ pattern }})
{%- endmacro %}

{% macro spark__matches_whole(text, pattern) -%}
    {{ text }} rlike concat(r'^(?:', {{ pattern }}, r')\z')
{%- endmacro %}
