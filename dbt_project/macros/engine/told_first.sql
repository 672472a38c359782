{#- Of a group's rows the value that was told first: what is empty, or has no time, tells nothing. Of several at one time the least in `order`, then the least
    value, so that whoever asks again gets the same. `where`: what else a row must be. `told_first('medium', ['event_at', 'source'])`. -#}
{% macro told_first(value, order, where='true') -%}
    {{ return(adapter.dispatch('told_first', 'onefold')(value, order, where)) }}
{%- endmacro %}

{% macro duckdb__told_first(value, order, where) -%}
    arg_min({{ value }}, row({{ order | join(', ') }}, {{ value }})) filter (where {{ value }} is not null and {{ order[0] }} is not null and {{ where }})
{%- endmacro %}

{% macro spark__told_first(value, order, where) -%}
    min_by({{ value }}, struct({{ order | join(', ') }}, {{ value }})) filter (where {{ value }} is not null and {{ order[0] }} is not null and {{ where }})
{%- endmacro %}
