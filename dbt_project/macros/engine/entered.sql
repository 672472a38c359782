{#- Enters into `build.nodes` what a node was built from, in the transaction that is open: of a table with the fingerprint of its content, equal to that
    of cdp_assets/publishing/fingerprint.py; of a view with its inputs'. A row without inputs makes the node be built next time. -#}
{% macro entered(made, relation) %}
  {% call statement('entered') -%}
    insert into build.nodes
    {%- if relation.is_view %}
    select '{{ model.unique_id }}', {{ text_or_null(made.inputs) }}, {{ text_or_null(made.inputs) }}, null
    {%- else %}
    select
        '{{ model.unique_id }}',
        {{ text_or_null(made.inputs) }},
        left(sha256(concat_ws(
            chr(31),
            (
                select string_agg(name || ':' || type, chr(31) order by cid)
                from pragma_table_info('{{ relation.schema }}.{{ relation.identifier }}')
            ),
            count(*)::varchar, coalesce(sum(hash(rows)::hugeint), 0)::varchar, coalesce(bit_xor(hash(rows)), 0)::varchar
        )), 32),
        count(*)
    from {{ relation }} as rows
    {%- endif %}
  {%- endcall %}
{% endmacro %}
