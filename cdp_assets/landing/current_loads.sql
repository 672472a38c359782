{#
holes:
  counting: select load_id, file_name, period, sequence, newest_version, part from delivered
  competes: true
  partition: load_id
  newest: newest_version desc, period
unportable: [struct_pack(), type varchar]
#}
update loads set is_current = marked.is_current, version_order = marked.version_order
from (
    with

    counting as ({{ counting }}),

    standing as (
        select * from counting
        {%- if competes %}
        qualify row_number() over (partition by file_name order by sequence desc) = 1
        {%- endif %}
    ),

    winners as (
        select distinct load_id
        from (
            select load_id
            from standing
            qualify row_number() over (partition by {{ partition }} order by {{ newest }} desc, sequence desc) = 1
        ) as newest
    ),

    ranked as (
        select load_id, lpad(row_number() over (order by max(struct_pack(period, sequence)))::varchar, 12, '0') as version_order
        from counting
        group by load_id
    )

    select
        loads.load_id,
        loads.file_name,
        loads.status = 'landed' and winners.load_id is not null as is_current,
        coalesce(ranked.version_order, '') as version_order
    from loads
    left join winners using (load_id)
    left join ranked using (load_id)
    where loads.channel = $channel and loads.export = $export
) as marked
where loads.channel = $channel and loads.export = $export
    and loads.file_name = marked.file_name and loads.load_id = marked.load_id
    and (loads.is_current, loads.version_order) is distinct from (marked.is_current, marked.version_order)
