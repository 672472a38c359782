{#- Every export that has a landing source, with how often its contract promises a file, in days (null: not promised). -#}
{% macro landed_exports() -%}
    {%- set rows = [] -%}
    {%- if execute -%}
        {%- for node in graph.sources.values() if node.source_name == 'landing' -%}
            {%- set meta = node.config.get('meta') or node.get('meta') or {} -%}
            {%- do rows.append((meta.channel, meta.export, meta.get('every_days'))) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- for channel, export, every_days in rows | sort %}
    select '{{ channel }}' as channel, '{{ export }}' as export, cast({{ every_days if every_days is not none else 'null' }} as double) as every_days
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- else %}
    select cast(null as string) as channel, cast(null as string) as export, cast(null as double) as every_days
    where false
    {%- endfor %}
{%- endmacro %}
