{#- All channels of one shared shape, one under the other: the list in vars.channels says which. Columns are named and cast, so that neither
    their order nor a channel's laxer type can shift one into another. -#}
{% macro union_shape(shape) -%}
    {%- for channel in var('channels')[shape] %}
    select
        {%- for name, type in shape_columns(shape) %}
        cast({{ name }} as {{ type_name(type) }}) as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    from {{ ref('stg_' ~ channel ~ '__' ~ shape) }}
    {%- if not loop.last %}
    union all
    {%- endif %}
    {%- endfor %}
{%- endmacro %}
