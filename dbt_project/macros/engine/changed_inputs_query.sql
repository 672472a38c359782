{#- The inputs that are not as they were when this table was built: (input, digest then, digest now, whether it says which rows changed between). -#}
{% macro changed_inputs_query(made) %}
    select
        coalesce(now.input, before.input),
        before.digest,
        now.digest,
        exists (
            select 1
            from build.changes as changes
            where changes.node = now.input and changes.was = before.digest and changes.became = now.digest
        )
    from ({{ made_of_query(made) }}) as now
    full join (select input, digest from build.followed where node = '{{ model.unique_id }}') as before on now.input = before.input
    where now.digest is null or before.digest is null or now.digest <> before.digest
{% endmacro %}
