{#- When a yes or no of a snapshot last changed from one file to a later one (CTE body): one row per key and flag that ever did. An export that tells
    a state, and not since when, is answered by noon of the day in the later file's name; null where the name has none. Files that newer ones
    replaced are read, too; of two for one day the later delivery counts. -#}
{% macro changed_flags(channel, export, key, flags) -%}
    select
        {{ key }},
        flag,
        is_said,
        case
            when length(period) = 8
                then cast(substr(period, 1, 4) || '-' || substr(period, 5, 2) || '-' || substr(period, 7, 2) || ' 12:00:00' as timestamp)
        end as changed_at
    from (
        select
            *,
            lag(is_said) over (partition by {{ key }}, flag order by version_order, delivered_sha256) as was_said
        from (
            {%- for flag in flags %}
            select
                landed.{{ key }}, '{{ flag }}' as flag, landed.{{ flag }} as is_said, loads.period, loads.version_order,
                loads.delivered_sha256
            from {{ source('landing', channel ~ '_' ~ export) }} as landed
            inner join {{ source('state', 'loads') }} as loads
                on landed._load_id = loads.load_id
                and loads.channel = '{{ channel }}' and loads.export = '{{ export }}' and loads.status = 'landed'
            where landed.{{ key }} is not null and landed.{{ flag }} is not null
            qualify row_number() over (
                partition by landed.{{ key }}, coalesce(loads.period, loads.delivered_sha256)
                order by loads.version_order desc, loads.delivered_sha256 desc, landed._line desc
            ) = 1
            {%- if not loop.last %}
            union all
            {%- endif %}
            {%- endfor %}
        ) as told
    ) as compared
    where is_said <> was_said
    qualify row_number() over (partition by {{ key }}, flag order by version_order desc, delivered_sha256 desc) = 1
{%- endmacro %}
