{#- The question of macro carried: a node's inputs as a digest, null where one of its parents does not say what it holds, whether they are as before,
    whether other tables follow its changes, and what it said of its content before. -#}
{% macro carried_query(plan, node, code, parents) %}
    with

    known as (
        select
            count(*) = count(nodes.fingerprint) as is_whole,
            coalesce(string_agg(nodes.node || '=' || nodes.fingerprint, ',' order by nodes.node), '') as contents
        from (select unnest([{{ parents | join(', ') }}]::varchar[]) as node) as parents
        left join build.nodes as nodes using (node)
    ),

    made_of as (
        select case when known.is_whole then md5('{{ code }}' || planned.sources || known.contents) end as inputs, planned.is_followed, planned.written
        from build.planned as planned
        cross join known
        where planned.plan = '{{ plan }}' and planned.node = '{{ node }}'
    )

    select
        made_of.inputs,
        coalesce(made_of.inputs = former.inputs, false) as is_same,
        made_of.is_followed,
        former.fingerprint,
        former.row_count::varchar,
        former.hash_sum::varchar,
        former.hash_xor::varchar,
        made_of.written
    from made_of
    left join build.nodes as former on former.node = '{{ node }}'
{% endmacro %}
