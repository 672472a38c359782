{#- Replaces in a table the rows of the keys that may have changed, in one transaction: those keys are found in the rows that its inputs lost and gained
    (`follows` in the model's meta), the model's own code gives their rows anew, over inputs that are cut to these keys. Built whole where an input changed
    that says nothing of its rows, where code, settings or versions did, where a key is null, and where most keys are affected. -#}
{% macro replaced() %}
  {%- set relation = this.incorporate(type='table') -%}
  {%- set former = load_cached_relation(this) -%}
  {%- set made = carried(compiled_code) -%}
  {%- set is_there = former is not none and former.is_table -%}
  {% if made.is_same and is_there %}{{ return(left_as_it_is(relation)) }}{% endif %}
  {%- set found = changed_keys_query(made) if is_there and made.inputs is not none and made.fingerprint is not none else none -%}
  {% if found is none %}{{ return(rebuilt('table', made)) }}{% endif %}
  {%- set key = model.config.meta.key -%}
  {% call statement('affected') -%}create or replace temp table affected as {{ found }}{%- endcall %}
  {% for also in model.config.meta.get('also') or [] %}
    {% call statement('also_affected') -%}create or replace temp table affected as from affected union {{ named_relations(also) }}{%- endcall %}
  {% endfor %}
  {%- set counted -%}
    select count(*), count(*) filter (where {% for column in key %}key_{{ loop.index }} is null{{ ' or ' if not loop.last }}{% endfor %}) from affected
  {%- endset -%}
  {%- set counts = run_query(counted).rows[0] -%}
  {% if counts[1] > 0 or counts[0] > most_changed(made.totals[0] | int) %}{{ return(rebuilt('table', made)) }}{% endif %}
  {{ struck(model.unique_id) }}
  {% call statement('replaced') -%}
    create or replace temp table fresh as from {{ this }} limit 0;
    insert into fresh by name select built.* from ({{ cut_to_affected(compiled_code) }}) as built semi join affected on {{ of_affected('built', key) }};
    create or replace temp table gone as select kept.* from {{ this }} as kept semi join affected on {{ of_affected('kept', key) }};
    delete from {{ this }} as kept using affected where {{ of_affected('kept', key) }};
    insert into {{ this }} from fresh
  {%- endcall %}
  {%- set totals -%}
    select
        {{ made.totals[0] }} + came.row_count - went.row_count as row_count,
        {{ made.totals[1] }}::hugeint + came.hash_sum - went.hash_sum as hash_sum,
        xor(xor({{ made.totals[2] }}::ubigint, came.hash_xor), went.hash_xor) as hash_xor
    from ({{ sums_of('fresh') }}) as came
    cross join ({{ sums_of('gone') }}) as went
  {%- endset -%}
  {{ entered(made, relation, totals) }}
  {%- set known = run_query("select fingerprint, row_count, (select count(*) from " ~ this ~ ") from build.nodes where node = '" ~ model.unique_id ~ "'").rows[0] -%}
  {% if known[1] != known[2] %}{{ exceptions.raise_compiler_error(model.unique_id ~ " does not hold the rows that its keys give: `onefold run --full-refresh` builds it whole") }}{% endif %}
  {% if made.is_followed and known[0] != made.fingerprint %}
    {% call statement('told') -%}
      create or replace table {{ changes_of(model.unique_id) }} as
      (from gone except all from fresh) union all (from fresh except all from gone)
    {%- endcall %}
    {{ told(made.fingerprint, known[0]) }}
  {% endif %}
  {% call noop_statement('main', 'replaced', 'replaced', counts[0]) -%}drop table temp.affected; drop table temp.fresh; drop table temp.gone{%- endcall %}
  {{ adapter.commit() }}
  {{ return({'relations': [relation]}) }}
{% endmacro %}
