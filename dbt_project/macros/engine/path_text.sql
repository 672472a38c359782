{#- The texts of a group in the order of another expression, joined: a path such as `email > direct`. -#}
{% macro path_text(expression, order_by, separator=' > ') -%}
    {{ return(adapter.dispatch('path_text', 'onefold')(expression, order_by, separator)) }}
{%- endmacro %}

{% macro duckdb__path_text(expression, order_by, separator) -%}
    string_agg({{ expression }}, '{{ separator }}' order by {{ order_by }})
{%- endmacro %}

{% macro spark__path_text(expression, order_by, separator) -%}
    listagg({{ expression }}, '{{ separator }}') within group (order by {{ order_by }})
{%- endmacro %}
