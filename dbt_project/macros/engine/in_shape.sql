{#- Rows of a relation or CTE in a shared shape (cdp_assets/shapes.yaml): its columns in their order, cast to their types; a column that the relation
    lacks is a typed null. On DuckDB a column that the shape does not have is kept, and the law staging_models_have_the_columns_of_their_shape names
    it: a misspelt column never turns into nulls unseen. Text that outsiders write is scrubbed of identifiers, the same for every channel and shape,
    so that campaigns of touches and of spend still meet. Names, contacts and addresses lose characters that nobody sees; a currency's code is in
    capitals, by which rates are found. -#}
{% macro in_shape(relation, shape) -%}
    {{ return(adapter.dispatch('in_shape', 'onefold')(relation, shape)) }}
{%- endmacro %}

{% macro duckdb__in_shape(relation, shape) -%}
(
    select * replace (
        {%- for name, type in shape_columns(shape) %}
        cast({{ scrubbed(name) if name in outside_columns(shape) else visible(name) if name in person_columns(shape) else 'upper(trim(currency))' if name == 'currency' else name }} as {{ type }}) as {{ name }}{{ ',' if not loop.last }}
        {%- endfor %}
    )
    from (
        select
            {%- for name, type in shape_columns(shape) %}
            cast(null as {{ type }}) as {{ name }}{{ ',' if not loop.last }}
            {%- endfor %}
        where false
        union all by name
        select * from {{ relation }}
    ) as filled
)
{%- endmacro %}

{#- A name that the relation has not is looked up outside of the lateral query, where every column of the shape is a typed null. -#}
{% macro spark__in_shape(relation, shape) -%}
(
    select shaped.*
    from (
        select
            {%- for name, type in shape_columns(shape) %}
            cast(null as {{ type_name(type) }}) as {{ name }}{{ ',' if not loop.last }}
            {%- endfor %}
    ) as absent
    cross join lateral (
        select
            {%- for name, type in shape_columns(shape) %}
            cast({{ scrubbed(name) if name in outside_columns(shape) else visible(name) if name in person_columns(shape) else 'upper(trim(currency))' if name == 'currency' else name }} as {{ type_name(type) }}) as {{ name }}{{ ',' if not loop.last }}
            {%- endfor %}
        from {{ relation }}
    ) as shaped
)
{%- endmacro %}
