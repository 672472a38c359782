{#- Enters into `build.nodes` what a node was built from, in the transaction that is open: of a table with the fingerprint of its content, equal to that
    of cdp_assets/publishing/fingerprint.py; of a view with its inputs'. A row without inputs makes the node be built next time. `totals`: SQL that gives
    (row_count, hash_sum, hash_xor) of a table where they are known without reading it. -#}
{% macro entered(made, relation, totals=none) %}
  {% call statement('entered') -%}
    insert into build.nodes by name
    {%- if relation.is_view %}
    select
        '{{ model.unique_id }}' as node, {{ text_or_null(made.inputs) }} as inputs, {{ text_or_null(made.inputs) }} as fingerprint,
        {{ text_or_null(made.code) }} as code, {{ text_or_null(made.written) }} as written
    {%- else %}
    select
        '{{ model.unique_id }}' as node,
        {{ text_or_null(made.inputs) }} as inputs,
        {{ text_or_null(made.code) }} as code,
        {{ text_or_null(made.written) }} as written,
        left(sha256(concat_ws(
            chr(31),
            (
                select string_agg(name || ':' || type, chr(31) order by cid)
                from pragma_table_info('{{ relation.schema }}.{{ relation.identifier }}')
            ),
            row_count::varchar, hash_sum::varchar, hash_xor::varchar
        )), 32) as fingerprint,
        row_count,
        hash_sum,
        hash_xor
    from (
        {%- if totals %}{{ totals }}{% else %}
        {{ sums_of(relation) }}
        {%- endif %}
    ) as totals
    {%- endif %}
  {%- endcall %}
  {% if model.config.materialized == 'replace_changed' %}
    {% call statement('followed') -%}insert into build.followed select '{{ model.unique_id }}', input, digest from ({{ made_of_query(made) }}) as made_of{%- endcall %}
  {% endif %}
{% endmacro %}
