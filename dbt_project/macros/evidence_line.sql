{#- Where a consent is written: the delivered file and its line. Columns in scope: _file_name, _line. -#}
{% macro evidence_line(channel) -%}
    '{{ channel }}/' || _file_name || ':' || cast(_line as string)
{%- endmacro %}
