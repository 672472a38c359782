{#- Where the rows stand that a table lost and gained when it changed last, by the node's unique id. cdp_assets/built_from.py names it alike. -#}
{% macro changes_of(node) -%}
    {{ return('build.' ~ adapter.quote('changes of ' ~ node)) }}
{%- endmacro %}
