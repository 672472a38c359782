{#- The last business date that the run knows, as a date. Nothing in the project asks the clock. -#}
{% macro as_of_date() -%}
    {%- set given = var('as_of_date') -%}
    {%- if execute and given is none -%}
        {{ exceptions.raise_compiler_error(
            "The run has no as_of_date. `onefold run` passes it; by hand: dbt build --vars '{as_of_date: 2017-12-31}'") }}
    {%- endif -%}
    cast('{{ given or "1970-01-01" }}' as date)
{%- endmacro %}
