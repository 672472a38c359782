{#- The rows of a landed export that are current: their load is, and where the source declares a key the newest version of the key wins
    (source version column, declared period, sequence of delivery: the rank that landing keeps in version_order). All rows of the winning version stay: two equal lines on one
    order are two lines. Few keys come in more than one version: only those are ranked, and what lost is left out of a plain scan. -#}
{% macro current_rows(relation, loads, channel, export, key, version) -%}
    {%- set live -%}
        {{ relation }} as landed
        inner join {{ loads }} as loads
            on loads.load_id = landed._load_id
            and loads.channel = '{{ channel }}' and loads.export = '{{ export }}' and loads.is_current and loads.status = 'landed'
    {%- endset -%}
    (
        select landed.*
        from {{ live }}
        {%- if key %}
        anti join (
            select versions.*
            from (
                select distinct {{ named_key('landed', key) }}, landed._load_id, loads.version_order, loads.delivered_sha256
                    {%- if version %}, landed.{{ version }} as source_version{% endif %}
                from {{ live }}
                semi join (
                    select {{ named_key('landed', key) }}
                    from {{ live }}
                    group by {% for column in key %}landed.{{ column }}{{ ', ' if not loop.last }}{% endfor %}
                    having min(landed._load_id) <> max(landed._load_id)
                        {%- if version %}
                        or min(landed.{{ version }}) <> max(landed.{{ version }}) or count(landed.{{ version }}) not in (0, count(*))
                        {%- endif %}
                ) as contested on {{ same_key('landed', 'contested', key) }}
            ) as versions
            qualify rank() over (
                partition by {% for column in key %}key_{{ loop.index }}{{ ', ' if not loop.last }}{% endfor %}
                order by {% if version %}source_version desc nulls last, {% endif %}version_order desc nulls last, delivered_sha256 desc
            ) > 1
        ) as superseded
            on superseded._load_id = landed._load_id and {{ same_key('landed', 'superseded', key) }}
            {%- if version %} and superseded.source_version is not distinct from landed.{{ version }}{% endif %}
        {%- endif %}
    )
{%- endmacro %}
