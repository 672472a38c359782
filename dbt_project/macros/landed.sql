{#- What is current of a channel's landed export, ready for `from`: {% raw %}select … from {{ landed('shopify', 'orders') }} as rows{% endraw %}.
    The source's meta says its key and its version column (written by the landing contract). -#}
{% macro landed(channel, export) -%}
    {%- set table = channel ~ '_' ~ export -%}
    {%- set relation = source('landing', table) -%}
    {%- set loads = source('state', 'loads') -%}
    {%- set found = {'key': none, 'version': none} -%}
    {%- if execute -%}
        {%- for node in graph.sources.values() if node.source_name == 'landing' and node.name == table -%}
            {%- set meta = node.config.get('meta') or node.get('meta') or {} -%}
            {%- do found.update({'key': meta.get('key'), 'version': meta.get('version')}) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ current_rows(relation, loads, channel, export, found.key, found.version) }}
{%- endmacro %}
