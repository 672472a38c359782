{#- The texts of a group in the order of another expression, joined: a path such as `email > direct`. -#}
{% macro path_text(expression, order_by, separator=' > ') -%}
    string_agg({{ expression }}, '{{ separator }}' order by {{ order_by }})
{%- endmacro %}
