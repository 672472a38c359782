{#- Keyed pseudonym of an answer: equal answers have equal ids, run after run. `parts` are expressions of text, null or not. -#}
{% macro statement_id(parts) -%}
    pseudonym('consent'{% for part in parts %} || chr(31) || coalesce(cast({{ part }} as string), ''){% endfor %})
{%- endmacro %}
