{#- What this node is made of, as a digest, and whether it was built from the very same before: then it need not be built again, nor judged. Asks
    `build.nodes`, which the materialisations write, and `build.planned`, which Onefold writes before each command of a nightly run
    (cdp_assets/built_from.py, which says what it is all for). Without a plan, as where dbt is run by hand, everything is built. -#}
{% macro carried(code) %}
  {%- set plan = var('plan', none) -%}
  {%- if plan is none -%}{{ return({'is_planned': false, 'is_same': false, 'inputs': none}) }}{%- endif -%}
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
  {%- set found = run_query(carried_query(plan, model.unique_id, local_md5(written), parents)) -%}
  {%- if found.rows | length == 0 -%}{{ return({'is_planned': true, 'is_same': false, 'inputs': none}) }}{%- endif -%}
  {{ return({'is_planned': true, 'is_same': found.rows[0][1], 'inputs': found.rows[0][0]}) }}
{% endmacro %}
