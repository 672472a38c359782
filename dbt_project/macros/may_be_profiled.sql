{#- Whether a customer may be profiled: the one place that says so, named by every model that profiles. `consents` is customer_consents
    under its alias in the query; rows of ids that no longer live (`of_the_past`) have no consents, and stay. -#}
{% macro may_be_profiled(consents, of_the_past=false) -%}
    coalesce({{ consents }}.is_profiled, {{ 'true' if of_the_past else 'false' }})
{%- endmacro %}
