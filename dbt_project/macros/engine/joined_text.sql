{#- The distinct texts of a group in alphabetic order, joined. -#}
{% macro joined_text(expression, separator) -%}
    {{ return(adapter.dispatch('joined_text', 'onefold')(expression, separator)) }}
{%- endmacro %}

{% macro duckdb__joined_text(expression, separator) -%}
    string_agg(distinct {{ expression }}, '{{ separator }}' order by {{ expression }})
{%- endmacro %}

{% macro spark__joined_text(expression, separator) -%}
    case when count({{ expression }}) > 0 then array_join(array_sort(collect_set({{ expression }})), '{{ separator }}') end
{%- endmacro %}
