{#- A text without the apostrophe that spreadsheets put before numbers to keep their zeros; null where nothing is left. -#}
{% macro without_apostrophe(text) -%}
    nullif(trim(case when substr({{ text }}, 1, 1) = '''' then substr({{ text }}, 2) else {{ text }} end), '')
{%- endmacro %}
