{#- The distinct texts of a group in alphabetic order, joined. Spark: array_join(array_sort(collect_set(x)), sep). -#}
{% macro joined_text(expression, separator) -%}
    string_agg(distinct {{ expression }}, '{{ separator }}' order by {{ expression }})
{%- endmacro %}
