{#- SQL for the keys that may have changed since this table was built (key_1, key_2, …), by what changed in its inputs; none where that is not known. -#}
{% macro changed_keys_query(made) %}
  {%- set rows = run_query(changed_inputs_query(made)).rows -%}
  {%- set key, parts = model.config.meta.key, [] -%}
  {%- for input, was, now, is_told in rows -%}
    {%- set found = follows().get(input.split('.')[-1]) -%}
    {%- if found is none or was is none or not (is_told or input == 'as_of_date') -%}{{ return(none) }}{%- endif -%}
    {%- if found is string -%}
      {%- do parts.append(named_relations(found | replace('{changed}', changes_of(input)) | replace('{was}', "cast('" ~ was ~ "' as date)") | replace('{now}', "cast('" ~ now ~ "' as date)"))) -%}
    {%- else -%}
      {%- do parts.append('select ' ~ found | join(', ') ~ ' from ' ~ changes_of(input)) -%}
    {%- endif -%}
  {%- endfor -%}
  {%- set names = [] -%}
  {%- for part in key -%}{%- do names.append('key_' ~ loop.index) -%}{%- endfor -%}
  {%- if not parts -%}{%- do parts.append('select ' ~ (['null'] * (key | length)) | join(', ') ~ ' where false') -%}{%- endif -%}
  {{ return('select distinct ' ~ names | join(', ') ~ ' from (' ~ parts | join('\nunion all\n') ~ ') as changed (' ~ names | join(', ') ~ ')') }}
{% endmacro %}
