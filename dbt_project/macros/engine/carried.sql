{#- What this node is made of, as a digest, and whether it was built from the very same before: then it need not be built again, nor judged. Asks
    `build.nodes`, which the materialisations write, and `build.planned`, which Onefold writes before each command of a nightly run
    (cdp_assets/built_from.py, which says what it is all for). Without a plan, as where dbt is run by hand, everything is built. -#}
{% macro carried(code) %}
  {%- set plan = var('plan', none) -%}
  {%- if plan is none -%}{{ return({'is_planned': false, 'is_same': false, 'inputs': none, 'code': none, 'is_followed': false, 'fingerprint': none}) }}{%- endif -%}
  {%- set described = [] -%}
  {%- for name, column in (model.columns or {}).items() -%}
    {%- do described.append([name, column.get('data_type'), column.get('description')]) -%}
  {%- endfor -%}
  {%- set config = dict(model.config) -%}
  {%- do config.pop('tags', none) -%}
  {%- set written = tojson([config, model.description, described, code]) -%}
  {%- if written is none -%}{{ exceptions.raise_compiler_error("what " ~ model.unique_id ~ " is made of cannot be written down") }}{%- endif -%}
  {%- set parents = [] -%}
  {%- for node in model.depends_on.nodes or [] if not node.startswith('source.') -%}{%- do parents.append("'" ~ node ~ "'") -%}{%- endfor -%}
  {%- set digest = local_md5(written) -%}
  {%- set made = {'is_planned': true, 'is_same': false, 'inputs': none, 'code': digest, 'dateless': digest, 'written': none, 'is_followed': false, 'fingerprint': none} -%}
  {%- if 'as_of_date' in follows() -%}{%- do made.update({'dateless': local_md5(written | replace(as_of_date() | trim, 'as_of_date'))}) -%}{%- endif -%}
  {%- set found = run_query(carried_query(plan, model.unique_id, digest, parents)) -%}
  {%- for row in found.rows -%}
    {%- do made.update({'inputs': row[0], 'is_same': row[1], 'is_followed': row[2], 'fingerprint': row[3], 'totals': [row[4], row[5], row[6]], 'written': row[7]}) -%}
  {%- endfor -%}
  {%- if model.resource_type != 'test' and made.fingerprint is none -%}{%- do made.update({'is_same': false}) -%}{%- endif -%}
  {{ return(made) }}
{% endmacro %}
