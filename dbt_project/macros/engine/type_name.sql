{#- A type of the shared shapes (cdp_assets/shapes.yaml), in the engine's word. -#}
{% macro type_name(type) -%}
    {{ return(adapter.dispatch('type_name', 'onefold')(type)) }}
{%- endmacro %}

{% macro duckdb__type_name(type) -%}
    {{ return(type) }}
{%- endmacro %}

{% macro spark__type_name(type) -%}
    {{ return('string' if type == 'varchar' else type) }}
{%- endmacro %}
