{#- The question of macro carried: a node's inputs as a digest, null where one of its parents does not say what it holds, and whether they are as before. -#}
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
        select case when known.is_whole then md5('{{ code }}' || planned.sources || known.contents) end as inputs
        from build.planned as planned
        cross join known
        where planned.plan = '{{ plan }}' and planned.node = '{{ node }}'
    )

    select made_of.inputs, coalesce(made_of.inputs = former.inputs, false) as is_same
    from made_of
    left join build.nodes as former on former.node = '{{ node }}'
{% endmacro %}
