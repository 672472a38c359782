{#- How many values of a relation's columns were scrubbed where they were staged, per channel: one select per column. -#}
{% macro scrubbed_values(relation, table_name, columns) -%}
    {%- for column in columns %}
    select
        channel,
        '{{ table_name }}' as table_name,
        '{{ column }}' as column_name,
        cast(count(*) as bigint) as scrubbed_values
    from {{ relation }}
    where {{ column }} like '%[e-mail]%' or {{ column }} like '%[phone]%'
    group by channel
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
{%- endmacro %}
