{#- The columns name the grain: no two rows share their values. -#}
{% test unique_key(model, columns) -%}
    select {{ columns | join(', ') }}, count(*) as row_count
    from {{ model }}
    group by {{ columns | join(', ') }}
    having count(*) > 1
{%- endtest %}
