{#- What a table that follows its inputs is made of, one by one: (input, digest), null where that is not known. Its code without the date of the run,
    where it says what a date changes; the tables behind its views by their contents, and the views by their code. -#}
{% macro made_of_query(made) %}
    select 'code' as input, '{{ made.dateless }}' as digest
    {%- if made.dateless != made.code %}
    union all
    select 'as_of_date' as input, '{{ var("as_of_date") }}' as digest
    {%- endif %}
    union all
    select planned.input, coalesce(planned.digest, case when planned.is_view then nodes.code else nodes.fingerprint end) as digest
    from build.planned_inputs as planned
    left join build.nodes as nodes on planned.input = nodes.node
    where planned.plan = '{{ var("plan") }}' and planned.node = '{{ model.unique_id }}'
{% endmacro %}
