{#- Of a group's rows the value that was told last: what is empty, or has no time, tells nothing. Of several at one time the greatest value. -#}
{% macro told_last(value, at) -%}
    {{ return(adapter.dispatch('told_last', 'onefold')(value, at)) }}
{%- endmacro %}

{% macro duckdb__told_last(value, at) -%}
    arg_max({{ value }}, row({{ at }}, {{ value }})) filter (where {{ value }} is not null and {{ at }} is not null)
{%- endmacro %}

{% macro spark__told_last(value, at) -%}
    max_by({{ value }}, struct({{ at }}, {{ value }})) filter (where {{ value }} is not null and {{ at }} is not null)
{%- endmacro %}
