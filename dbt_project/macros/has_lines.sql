{#- True for the channels whose orders come with lines: an order without any waits for them. vars.channels_without_lines names those that never
    deliver them, whose orders count by their own amounts. -#}
{% macro has_lines(channel) -%}
    {%- set waiting = [] -%}
    {%- for each in var('channels')['order_lines'] if each not in var('channels_without_lines') %}{% do waiting.append(each) %}{% endfor -%}
    {{ channel ~ ' in (' ~ quoted(waiting) ~ ')' if waiting else 'false' }}
{%- endmacro %}
