{#- All members of a family of models that share their columns (traits, attribution models), each row with its member's name in `name_column`.
    Arguments: the model names' prefix, the list of members, the columns that each member yields. -#}
{% macro union_family(prefix, members, name_column, columns) -%}
    {%- for member in members %}
    select
        '{{ member }}' as {{ name_column }},
        {%- for column in columns %}
        {{ column }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref(prefix ~ member) }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
{%- endmacro %}
