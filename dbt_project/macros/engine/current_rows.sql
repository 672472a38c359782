{#- The rows of a landed export that are current: their load is, and where the source declares a key the newest version of the key wins
    (source version column, declared period, SHA-256; never arrival order). All rows of the winning version stay: two equal lines on one
    order are two lines. -#}
{% macro current_rows(relation, loads, channel, export, key, version) -%}
    (
        select landed.*
        from {{ relation }} as landed
        inner join {{ loads }} as loads on loads.load_id = landed._load_id
        where loads.channel = '{{ channel }}' and loads.export = '{{ export }}' and loads.is_current and loads.status = 'landed'
        {%- if key %}
        qualify rank() over (
            partition by {% for column in key %}landed.{{ column }}{{ ', ' if not loop.last }}{% endfor %}
            order by {% if version %}landed.{{ version }} desc nulls last, {% endif %}loads.version_order desc nulls last, loads.delivered_sha256 desc
        ) = 1
        {%- endif %}
    )
{%- endmacro %}
