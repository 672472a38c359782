{#- What a channel's contract says that the words of a column mean: the `words` of the column, carried by the source's meta. -#}
{% macro contract_words(channel, export, column) -%}
    {%- set found = {'words': {}} -%}
    {%- if execute -%}
        {%- for node in graph.sources.values() if node.source_name == 'landing' and node.name == channel ~ '_' ~ export -%}
            {%- set meta = node.config.get('meta') or node.get('meta') or {} -%}
            {%- do found.update({'words': (meta.get('words') or {}).get(column, {})}) -%}
        {%- endfor -%}
    {%- endif -%}
    {{ return(found.words) }}
{%- endmacro %}
