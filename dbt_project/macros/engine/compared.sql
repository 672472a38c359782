{#- What changed in a table that was built whole and that others follow: the rows of its former self and of this one that the other has not, in
    `build."changes of …"`. Where most of it changed, or its
    columns did, whoever follows is built whole, too. Drops the former table. -#}
{% macro compared(made, former) %}
  {%- set changes = changes_of(model.unique_id) -%}
  {%- set became = run_query("select fingerprint, row_count from build.nodes where node = '" ~ model.unique_id ~ "'").rows[0] -%}
  {% if became[0] != made.fingerprint and columns_in(this) == columns_in(former) %}
    {% call statement('differing') -%}
      create or replace temp table differing as
      select row_hash
      from (
        select hash(rows) as row_hash, 1 as side from {{ this }} as rows
        union all
        select hash(rows) as row_hash, -1 as side from {{ former }} as rows
      ) as both_sides
      group by row_hash
      having sum(side) <> 0
    {%- endcall %}
    {% if run_query('select count(*) from differing').rows[0][0] <= most_changed(became[1]) %}
      {% call statement('told') -%}
        create or replace table {{ changes }} as
        select rows.* from {{ former }} as rows where hash(rows) in (select row_hash from differing)
        union all
        select rows.* from {{ this }} as rows where hash(rows) in (select row_hash from differing)
      {%- endcall %}
      {{ told(made.fingerprint, became[0]) }}
    {% endif %}
    {% call statement('done') -%}drop table differing{%- endcall %}
  {% endif %}
  {% call statement('let_go') -%}drop table {{ former }}{%- endcall %}
{% endmacro %}
